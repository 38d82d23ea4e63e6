/** What tshark reads in a capture, and what decode's JSON says of the same, as rows that can be compared. */
import { spawnSync } from 'node:child_process';

/** Of every header in the packet and what it quotes, outside in. */
const V4 = [
  'src',
  'dst',
  'ttl',
  'dsfield.dscp',
  'dsfield.ecn',
  'id',
  'len',
  'proto',
  'checksum',
  'flags.df',
  'flags.mf',
  'frag_offset',
].map((field) => `ip.${field}`);
const V6 = ['src', 'dst', 'hlim', 'tclass.dscp', 'tclass.ecn', 'flow', 'plen', 'nxt'].map((field) => `ipv6.${field}`);
const ONCE = [
  'frame.time_epoch',
  'frame.len',
  'frame.cap_len',
  'ip.checksum.status',
  'ip.checksum_calculated',
  'udp.srcport',
  'udp.dstport',
  'udp.length',
  'udp.checksum',
  'udp.checksum.status',
  'icmp.type',
  'icmp.code',
  'icmp.checksum',
  'icmp.checksum.status',
  'icmp.mtu',
  'icmpv6.type',
  'icmpv6.code',
  'icmpv6.checksum',
  'icmpv6.checksum.status',
  'icmpv6.mtu',
  'icmp.mpls.label',
];
const FIELDS = [...V4, ...V6, ...ONCE];

export type Row = Readonly<Record<string, readonly string[]>>;

export function tsharkRows(file: string): Row[] {
  const { stdout, stderr, status } = spawnSync(
    'tshark',
    [
      ...['-n', '-r', file, '-T', 'fields', '-E', 'occurrence=a', '-E', 'separator=/t', '-E', 'aggregator=|'],
      ...['ip.defragment:FALSE', 'ipv6.defragment:FALSE', 'ip.check_checksum:TRUE', 'udp.check_checksum:TRUE'].flatMap((option) => [
        '-o',
        option,
      ]),
      ...['-d', 'udp.port==0-65535,data'], // what a payload looks like is nobody's matter here
      ...FIELDS.flatMap((field) => ['-e', field]),
    ],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0 && !/cut short/.test(stderr)) throw new Error(`tshark ended with ${status}: ${stderr}`);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const cells = line.split('\t');
      return Object.fromEntries(FIELDS.map((field, i) => [field, cells[i] === '' || cells[i] === undefined ? [] : cells[i].split('|')]));
    });
}

interface Layer {
  readonly family: 4 | 6;
  readonly source: string;
  readonly destination: string;
  readonly [field: string]: unknown;
}

export interface DecodedPacket {
  readonly timeMs: number | null;
  readonly length: number;
  readonly captured: number;
  readonly layers: readonly Layer[];
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly quote: {
    readonly length: number;
    readonly layers: readonly Layer[];
    readonly body: Readonly<Record<string, unknown>> | null;
    readonly labels: readonly { label: number }[];
  } | null;
}

const FIELD_OF: Readonly<Record<string, string>> = {
  'ip.src': 'source',
  'ip.dst': 'destination',
  'ip.ttl': 'ttl',
  'ip.dsfield.dscp': 'dscp',
  'ip.dsfield.ecn': 'ecn',
  'ip.id': 'id',
  'ip.len': 'length',
  'ip.proto': 'protocol',
  'ip.checksum': 'checksum',
  'ip.flags.df': 'dontFragment',
  'ip.flags.mf': 'moreFragments',
  'ip.frag_offset': 'fragmentOffset',
  'ipv6.src': 'source',
  'ipv6.dst': 'destination',
  'ipv6.hlim': 'ttl',
  'ipv6.tclass.dscp': 'dscp',
  'ipv6.tclass.ecn': 'ecn',
  'ipv6.flow': 'flowLabel',
  'ipv6.plen': 'length',
  'ipv6.nxt': 'protocol',
};

/** As a number or an address, whatever base it is printed in. tshark 4.0 counts fragment offsets in bytes. */
const plain = (field: string, value: string): string | number | boolean =>
  field.endsWith('src') || field.endsWith('dst')
    ? value
    : /flags/.test(field)
      ? value === '1' || value === 'True'
      : field === 'ipv6.plen'
        ? Number(value) + 40
        : Number(value);

/** The differences between the two in one packet, in words; none where they agree. */
export function differences(row: Row, packet: DecodedPacket, line: string): string[] {
  const found: string[] = [];
  const differ = (what: string, theirs: unknown, ours: unknown): void => {
    if (JSON.stringify(theirs) !== JSON.stringify(ours))
      found.push(`${what}: tshark ${JSON.stringify(theirs)}, decode ${JSON.stringify(ours)}`);
  };
  let extra = 0;
  const layers = [...packet.layers, ...(packet.quote?.layers ?? [])];
  for (const field of [...V4, ...V6]) {
    const ours = layers.filter(({ family }) => family === (field.startsWith('ipv6') ? 6 : 4)).map((layer) => layer[FIELD_OF[field]!]);
    const theirs = row[field]!.map((value) => plain(field, value));
    differ(field, theirs.slice(0, ours.length), ours); // of a header that is cut tshark shows the beginning
    if (/\.(src|dst)$/.test(field) && theirs.length > ours.length) extra += 1;
    if (theirs.length < ours.length || theirs.length > ours.length + 1) differ(`${field}, count`, theirs.length, ours.length);
  }
  if (extra > 0 && !isCut(packet)) differ('a header more', extra, 0);
  differ('frame.len', Number(row['frame.len']![0]), packet.length);
  differ('frame.cap_len', Number(row['frame.cap_len']![0]), packet.captured);
  const time = /"timeMs":(\d+)\.(\d+)/.exec(line);
  if (time !== null) differ('frame.time_epoch', row['frame.time_epoch']![0]!.replace('.', ''), `${time[1]}${time[2]}`);
  headerChecksums(row, layers, differ);
  bodies(row, packet, differ);
  return found;
}

/** Its end, or that of what it quotes, may stand in the middle of a header. */
const isCut = ({ captured, length, quote }: DecodedPacket): boolean =>
  captured < length || (quote !== null && (quote.layers.length === 0 || quote.length < (quote.layers[0]!.length as number)));

type Differ = (what: string, theirs: unknown, ours: unknown) => void;

/** tshark computes none for headers within quotes that are cut. */
function headerChecksums(row: Row, layers: readonly Layer[], differ: Differ): void {
  const states = row['ip.checksum.status']!;
  layers
    .filter(({ family }) => family === 4)
    .forEach((layer, i) => {
      if (states[i] === '1' || states[i] === '0') differ(`ip.checksum.status ${i}`, states[i] === '1', layer.checksum === layer.expected);
    });
}

function bodies(row: Row, { layers, body, quote }: DecodedPacket, differ: Differ): void {
  const all = [body, quote?.body ?? null];
  const udp = all.filter((one) => one?.kind === 'udp');
  for (const [field, ours] of [
    ['udp.srcport', 'sourcePort'],
    ['udp.dstport', 'destinationPort'],
    ['udp.length', 'length'],
    ['udp.checksum', 'checksum'],
  ] as const) {
    differ(
      field,
      row[field]!.map(Number).slice(0, udp.length),
      udp.map((one) => one![ours]),
    );
  }
  if (body?.kind === 'udp' && body.expected !== null && /^[01]$/.test(row['udp.checksum.status']![0] ?? '')) {
    differ('udp.checksum.status', row['udp.checksum.status']![0] === '1', body.checksum === body.expected);
  }
  if (body?.kind !== 'icmp') return;
  const name = layers.at(-1)!.family === 4 ? 'icmp' : 'icmpv6';
  differ(`${name}.type`, Number(row[`${name}.type`]![0]), body.icmpType);
  differ(`${name}.code`, Number(row[`${name}.code`]![0]), body.code);
  differ(`${name}.checksum`, Number(row[`${name}.checksum`]![0]), body.checksum);
  if (body.mtu !== null) differ(`${name}.mtu`, Number(row[`${name}.mtu`]![0]), body.mtu);
  const state = row[`${name}.checksum.status`]![0];
  if (body.expected !== null && (state === '0' || state === '1'))
    differ(`${name}.checksum.status`, state === '1', body.checksum === body.expected);
  if (name === 'icmp')
    differ(
      'icmp.mpls.label',
      row['icmp.mpls.label']!.map(Number),
      (quote?.labels ?? []).map(({ label }) => label),
    );
}
