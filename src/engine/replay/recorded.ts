/** What a recording says besides its packets, read before anything is replayed: the plan, and all answers that no packet gives. */
import { OWN_ENTERPRISE } from '../../capture/blocks.ts';
import { eachPacket } from '../../capture/capture.ts';
import { fileChunks } from '../../capture/file-chunks.ts';
import type { Damage } from '../../capture/record.ts';
import { slotTimeNs } from '../../capture/slot.ts';
import { BeaconError } from '../../error.ts';
import type { Address } from '../../wire/address.ts';
import type { Notice } from '../engine.ts';
import { decoded, type Message, type PlanMessage } from '../recording/message.ts';

type Of<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>;

export interface Recorded {
  readonly path: string;
  /** Null: nobody wrote one, as in a recording made by another program. */
  readonly plan: PlanMessage | null;
  readonly routes: ReadonlyMap<Address, readonly Of<'route'>[]>;
  readonly addresses: readonly Of<'addresses'>[];
  readonly names: ReadonlyMap<Address, Of<'name'>>;
  readonly own: ReadonlyMap<Address, readonly Address[]>;
  readonly speeds: ReadonlyMap<string, number | null>;
  readonly random: readonly Uint8Array[];
  readonly events: readonly Of<'event'>[];
  readonly notices: readonly Notice[];
  readonly packets: number;
  /** The last stamp of all, or null where there is none. */
  readonly lastNs: bigint | null;
  /** What broke it off. */
  readonly damage: Damage | null;
  /** The run was over when the last of it was written; also taken of another program's recording that is not damaged. */
  readonly isWhole: boolean;
}

/** Throws BeaconError ERR_FILE where nothing can be read of it. */
export async function readRecorded(path: string): Promise<Recorded> {
  const messages: Message[] = [];
  let damage: Damage | null = null;
  let packets = 0;
  let [seconds, nanoseconds] = [-1, 0];
  try {
    await eachPacket(
      fileChunks(path),
      (slot) => {
        packets += 1;
        if (slot.seconds < seconds || (slot.seconds === seconds && slot.nanoseconds < nanoseconds)) return;
        seconds = slot.seconds;
        nanoseconds = slot.nanoseconds;
      },
      (item) => {
        if (item.kind === 'damage') damage = item;
        if (item.kind !== 'custom' || item.enterpriseNumber !== OWN_ENTERPRISE) return;
        const message = decoded(item.bytes.slice()); // what it holds stays
        if (message !== null) messages.push(message);
      },
    );
  } catch (cause) {
    throw new BeaconError('ERR_FILE', `Cannot read ${path}: ${(cause as Error).message.replace(/^.*?: |, open .*$/g, '')}`, { cause });
  }
  const broken = damage as Damage | null;
  if (packets === 0 && messages.length === 0)
    throw new BeaconError('ERR_FILE', `${path} holds no packet${broken ? `: ${broken.reason} (offset ${broken.offset})` : ''}`);
  const lastNs = seconds < 0 ? null : slotTimeNs({ seconds, nanoseconds });
  return { path, packets, lastNs, damage: broken, ...sorted(messages, broken) };
}

function sorted(messages: readonly Message[], damage: Damage | null): Omit<Recorded, 'path' | 'packets' | 'lastNs' | 'damage'> {
  const of = <Kind extends Message['kind']>(kind: Kind): Of<Kind>[] =>
    messages.filter((message): message is Of<Kind> => message.kind === kind);
  const plan = of('plan')[0] ?? null;
  return {
    plan,
    routes: grouped(of('route')),
    addresses: of('addresses'),
    names: new Map(of('name').map((one) => [one.address, one])),
    own: new Map(of('own').map((one) => [one.beside, one.addresses])),
    speeds: new Map(of('speed').map((one) => [one.interface, one.bitsPerSecond])),
    random: of('random').map(({ bytes }) => bytes),
    events: of('event'),
    notices: of('notices').at(-1)?.notices ?? [],
    isWhole: damage === null && (plan === null || of('end').length > 0),
  };
}

function grouped(routes: readonly Of<'route'>[]): Map<Address, Of<'route'>[]> {
  const byDestination = new Map<Address, Of<'route'>[]>();
  for (const route of routes) byDestination.set(route.destination, [...(byDestination.get(route.destination) ?? []), route]);
  return byDestination;
}
