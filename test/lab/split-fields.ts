/** Packets that differ in one field alone, and by which of a router's equal ways they leave: in a lab and in a simulation. */
import { simulated } from '../../src/engine/simulated/simulated.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { compile, craft } from '../../src/probe/craft.ts';
import type { Itinerary, Layer } from '../../src/probe/itinerary.ts';
import { newRun } from '../../src/probe/run.ts';
import type { HashPolicy } from '../../src/topology/behaviour.ts';
import { addressesOf } from '../../src/topology/lookup.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { type Address, type FamilyNumber, familyOf } from '../../src/wire/address.ts';
import { checksum } from '../../src/wire/checksum.ts';
import { AT_ONCE, throughKernel } from './differential.ts';
import { FLOW, type Made } from './differential-plans.ts';
import { sniffed } from './measured.ts';

/** Four equal ways behind r1, and thirteen addresses of either family beyond them. */
export const spread = (name: string): Topology =>
  parseTopology(
    `name: ${name}
nodes: { a: { vantage: true }, r1: {}, m1: {}, m2: {}, m3: {}, m4: {}, r2: {}, d: {}, e1: {}, e2: {}, e3: {} }
links: [${['a r1', 'r1 m1', 'r1 m2', 'r1 m3', 'r1 m4', 'm1 r2', 'm2 r2', 'm3 r2', 'm4 r2', 'r2 d', 'd e1', 'd e2', 'd e3']
      .map((pair) => `{ between: [${pair.replace(' ', ', ')}] }`)
      .join(', ')}]
`,
    'spread',
  );

/** The headers of a packet; of an ICMP error the second one is what it quotes. */
export const SHAPES = {
  plain: ['outer'],
  nested: ['outer', 'inner'],
  deep: ['outer', 'middle', 'inner'],
  error: ['outer', 'inner'],
} as const;
export type Shape = keyof typeof SHAPES;

/** What a router may choose by; the ports are the innermost ones. */
export const FIELDS = [
  'outer source',
  'outer destination',
  'outer label',
  'middle source',
  'inner source',
  'inner label',
  'ports',
] as const;
export type Field = (typeof FIELDS)[number];

export interface Group {
  readonly family: FamilyNumber;
  readonly shape: Shape;
  readonly field: Field;
  readonly packets: readonly Made[];
}

const VALUES = 32;

export const groupsOf = (topology: Topology): Group[] =>
  ([4, 6] as const)
    .flatMap((family) =>
      (Object.keys(SHAPES) as Shape[]).flatMap((shape) =>
        FIELDS.filter((field) => has(family, shape, field)).map((field) => ({ family, shape, field })),
      ),
    )
    .map((group, i) => ({ ...group, packets: packetsOf(topology, group, FIRST_TTL + i) }));

/** The outermost ttl tells the group: nobody chooses by it. */
const FIRST_TTL = 100;

const has = (family: FamilyNumber, shape: Shape, field: Field): boolean =>
  field === 'ports' || ((SHAPES[shape] as readonly string[]).includes(field.split(' ')[0]!) && (family === 6 || !field.endsWith('label')));

function packetsOf(topology: Topology, { family, shape, field }: Omit<Group, 'packets'>, ttl: number): Made[] {
  const [to, ours] = [addressesOf(topology, 'r1', family)[0]!, addressesOf(topology, 'a', family)[1]!];
  const far = ['r2', 'd', 'e1', 'e2', 'e3'].flatMap((node) => beyond(topology, node, family));
  const run = newRun((length) => Uint8Array.from({ length }, (_, i) => i));
  return Array.from({ length: field === 'outer destination' ? far.length : VALUES }, (_, i) => {
    const varied = (name: Field): number => (name === field ? i : 0);
    const layers = SHAPES[shape].map(
      (header, at): Layer => ({
        source: sourceFor(
          ours,
          header === 'outer' ? varied('outer source') : header === 'middle' ? varied('middle source') : varied('inner source'),
        ),
        destination: at === 0 ? far[varied('outer destination')]! : header === 'middle' ? far[0]! : ours,
        ttl: at === 0 ? ttl : 64,
      }),
    );
    const flow = { ...FLOW, sourcePort: FLOW.sourcePort + varied('ports') };
    const itinerary: Itinerary = { layers, flow, landing: 0 };
    const bytes = Buffer.from(craft(compile(itinerary), run, 0, i + 1, 0n));
    if (family === 6) bytes.writeUInt16BE(varied('outer label'), 2);
    if (family === 6 && layers.length > 1) bytes.writeUInt16BE(varied('inner label'), 40 * (layers.length - 1) + 2);
    const whole = shape === 'error' ? timeExceeded(family, bytes) : bytes;
    return { title: `${field} ${i}`, to, hex: whole.toString('hex'), tag: `${i}` };
  });
}

const WHERE = {
  4: { header: 20, lengthAt: 2, protocolAt: 9, icmp: 1, type: 11 },
  6: { header: 40, lengthAt: 4, protocolAt: 6, icmp: 58, type: 3 },
} as const;

/** The outermost header, and the packet in it no longer as such but quoted. */
function timeExceeded(family: FamilyNumber, nested: Buffer): Buffer {
  const { header, lengthAt, protocolAt, icmp, type } = WHERE[family];
  const bytes = Buffer.concat([nested.subarray(0, header), Buffer.from([type, 0, 0, 0, 0, 0, 0, 0]), nested.subarray(header)]);
  bytes.writeUInt16BE(bytes.readUInt16BE(lengthAt) + 8, lengthAt);
  bytes[protocolAt] = icmp;
  if (family === 4) bytes.writeUInt16BE(0, 10);
  if (family === 4) bytes.writeUInt16BE(checksum(bytes, 0, 20), 10);
  return bytes;
}

/** A node's addresses that r1 reaches by all four ways. */
const beyond = (topology: Topology, node: string, family: FamilyNumber): Address[] =>
  node === 'r2' ? addressesOf(topology, node, family).slice(0, 1) : addressesOf(topology, node, family);

/** The vantage's own, and strangers': no router here asks where a source is. */
const sourceFor = (ours: Address, i: number): Address =>
  i === 0 ? ours : familyOf(ours) === 4 ? `192.0.2.${i}` : `2001:db8::${i.toString(16)}`;

/** By how many ways the packets of each group left r1. */
export async function waysInLab(lab: Lab, groups: readonly Group[]): Promise<number[]> {
  const all = groups.flatMap(({ packets }) => packets);
  const printed = await sniffed(lab, 'r1', ['-i', 'any', '-Q', 'out', 'ip[8] >= 90 or ip6[7] >= 90'], () =>
    throughKernel(lab, all, AT_ONCE),
  );
  const left = [...printed.matchAll(/ to_(m\d) +Out IP6? \(.*?(?:ttl|hlim) (\d+)/g)].map(([, way, ttl]) => ({
    way,
    group: Number(ttl) + 1 - FIRST_TTL,
  }));
  const seen = left.filter(({ group }) => group < groups.length); // neighbour discovery has 255
  if (seen.length !== all.length) throw new Error(`${seen.length} of ${all.length} packets were seen to leave r1`);
  return groups.map((_, i) => new Set(seen.filter(({ group }) => group === i).map(({ way }) => way)).size);
}

export async function waysInSimulation(topology: Topology, policy: HashPolicy, groups: readonly Group[]): Promise<number[]> {
  await using engine = simulated(topology, { hashPolicy: policy });
  const counted = (): number[] =>
    engine
      .counters()
      .links.filter(({ from, to }) => from === 'r1' && to.startsWith('m'))
      .map(({ seen }) => seen);
  const ways: number[] = [];
  for (const { packets } of groups) {
    const before = counted();
    for (const { to, hex } of packets) engine.send(await engine.route(to), [Buffer.from(hex, 'hex')]);
    const untilNs = engine.nowNs() + 1_000_000_000n;
    while ((await engine.receive(untilNs)).length > 0);
    ways.push(counted().filter((now, i) => now > before[i]!).length);
  }
  return ways;
}
