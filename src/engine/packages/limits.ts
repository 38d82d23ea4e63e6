/** What the engines `pcap` and `cap` cannot do, and why. Nothing of it is worked around: they are there to disagree with `live`. */

export type PackageName = 'pcap' | 'cap';

export interface Limit {
  /** Goes on from "cannot". */
  readonly cannot: string;
  readonly because: string;
}

type Limits<Name extends string> = Readonly<Record<Name, Limit>>;

/** Of both, since they are libpcap's on one interface. */
const COMMON: Limits<'interfaces' | 'links'> = {
  interfaces: {
    cannot: 'hear interfaces that no probe leaves by',
    because: 'libpcap sends by one interface only, and of "any" the package does not tell which one a packet came by',
  },
  links: {
    cannot: 'work on links without Ethernet headers',
    because: 'it does not tell what was sent from what came; only our own address in the header does',
  },
};

export const LIMITS: {
  readonly pcap: Limits<keyof typeof COMMON | 'nanoseconds' | 'refusals' | 'closing'>;
  readonly cap: Limits<keyof typeof COMMON | 'stamps' | 'drops' | 'threads' | 'memory' | 'outage'>;
} = {
  pcap: {
    ...COMMON,
    nanoseconds: { cannot: 'stamp in nanoseconds', because: 'it asks libpcap for microseconds' },
    refusals: {
      cannot: 'tell at once what a queue refused',
      because: 'packets go by message to a process of its own, and inject() gives no reason: such a packet counts as sent and dropped',
    },
    closing: { cannot: 'close while nothing arrives', because: 'close() takes effect at the next packet, so its process is ended' },
  },
  cap: {
    ...COMMON,
    stamps: { cannot: 'stamp packets', because: 'it passes on their bytes alone: the time is when this process read them' },
    drops: { cannot: 'count drops', because: 'it does not ask libpcap, and loses most of a flood: what is missing is unknown, never lost' },
    threads: { cannot: 'run in a worker thread', because: 'its addon registers itself once, with the main thread' },
    memory: {
      cannot: 'be freed',
      because:
        'it keeps the address of our buffer, and its closed poll handle in the list of the event loop: both live as long as the process',
    },
    outage: { cannot: 'outlive its interface', because: 'an assertion in it aborts the process when the interface goes down' },
  },
};

export const limitText = ({ cannot, because }: Limit): string => `cannot ${cannot}: ${because}`;
