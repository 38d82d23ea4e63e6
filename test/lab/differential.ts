/** The same packets into a lab and into a simulation of the same topology, and what differs in what comes of them. */
import { fileURLToPath } from 'node:url';
import { type Simulated, simulated } from '../../src/engine/simulated/simulated.ts';
import type { Lab } from '../../src/lab/lab.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { dissect } from '../../src/wire/dissect.ts';
import type { Made } from './differential-plans.ts';
import type { Report, Task } from './differential-send.ts';

export interface Pace {
  readonly everyMs: number;
  /** How long after the last probe something may still come. */
  readonly patienceMs: number;
}

export const AT_ONCE: Pace = { everyMs: 1, patienceMs: 400 };

/** The packets that came of each probe, comparable and in a fixed order: what came of none stands last. */
export type Outcomes = readonly string[][];

const SENDER = fileURLToPath(new URL('differential-send.ts', import.meta.url));

export interface Sent {
  readonly outcomes: Outcomes;
  readonly sentNs: readonly number[];
}

/** Through the live engine, in the lab's vantage. */
export async function throughKernel(lab: Lab, probes: readonly Made[], { everyMs, patienceMs }: Pace): Promise<Sent> {
  const task: Task = { packets: probes.map(({ to, hex }) => ({ to, hex })), everyMs, patienceMs };
  const { code, stdout, stderr } = await lab.exec('a', [process.execPath, '--import', 'tsx', SENDER], {
    input: JSON.stringify(task),
    timeoutMs: probes.length * everyMs + patienceMs + 15_000,
  });
  if (code !== 0) throw new Error(`differential-send.ts ended with ${code}: ${stderr}`);
  const { sentNs, arrived, drops } = JSON.parse(stdout) as Report;
  if (drops > 0) throw new Error(`The kernel dropped ${drops} packets for want of room`);
  const packets = arrived
    .map(({ hex, linkType }) => packetOf(Buffer.from(hex, 'hex'), linkType))
    .filter((packet) => !isLinkTalk(packet) && !isPoke(packet));
  return { outcomes: sorted(probes, packets), sentNs };
}

/** Through the simulated engine, at the times at which the kernel got them: what it limits, it limits by time. */
export async function throughSimulation(
  engine: Simulated,
  probes: readonly Made[],
  sentNs: readonly number[],
  { patienceMs }: Pace,
): Promise<Outcomes> {
  const beganNs = engine.nowNs();
  const packets: Buffer[] = [];
  const collect = async (untilNs: bigint): Promise<void> => {
    for (let batch = await engine.receive(untilNs); batch.length > 0; batch = await engine.receive(untilNs))
      packets.push(...batch.map(({ bytes, linkType }) => packetOf(Buffer.from(bytes), linkType)));
  };
  for (const [i, { to, hex }] of probes.entries()) {
    await collect(beganNs + BigInt(sentNs[i]!));
    engine.send(await engine.route(to), [Buffer.from(hex, 'hex')]);
  }
  await collect(engine.nowNs() + BigInt(patienceMs) * 1_000_000n);
  return sorted(probes, packets);
}

/** Bytes before the IP packet, by link type: Ethernet, Linux cooked v1 and v2. */
const LINK_HEADERS: Readonly<Record<number, number>> = { 1: 14, 113: 16, 276: 20 };

const packetOf = (frame: Buffer, linkType: number): Buffer => frame.subarray(LINK_HEADERS[linkType]!);

/** Neighbour and router discovery and multicast listeners (ICMPv6 130 to 136 and 143), but not redirects. */
const isLinkTalk = (packet: Buffer): boolean =>
  packet[0]! >> 4 === 6 && (packet[6] === 0 || (packet[6] === 58 && ((packet[40]! >= 130 && packet[40]! <= 136) || packet[40] === 143)));

/** What came of the empty datagram to port 9 that makes the kernel resolve a neighbour (src/host/neighbour.ts). */
const isPoke = (packet: Buffer): boolean => packet.subarray(-6, -2).equals(Buffer.from('00090008', 'hex'));

function sorted(probes: readonly Made[], packets: readonly Buffer[]): Outcomes {
  const outcomes: string[][] = [...probes.map(() => []), []];
  const places = new Map(probes.map(({ tag }, i) => [tag, i]));
  for (const packet of packets) outcomes[placeOf(packet.toString('hex'), places) ?? probes.length]!.push(comparable(packet));
  return outcomes.map((list) => list.sort());
}

/** The probe whose tag stands anywhere in the packet. */
function placeOf(hex: string, places: ReadonlyMap<string, number>): number | undefined {
  for (let at = 0; at + 16 <= hex.length; at += 2) {
    const place = places.get(hex.slice(at, at + 16));
    if (place !== undefined) return place;
  }
  return undefined;
}

/** What another node made itself: errors, redirects and echo replies. */
const OWN: Readonly<Record<number, ReadonlySet<number>>> = { 1: new Set([0, 3, 5, 11, 12]), 58: new Set([1, 2, 3, 4, 129, 137]) };

/** The kernel draws the ID of its own IPv4 packets and the flow label of its own IPv6 ones by chance: both, and the checksum over the ID, as zero. */
function comparable(packet: Buffer): string {
  const bytes = Buffer.from(packet);
  if (bytes[0] === 0x45 && OWN[bytes[9]!]?.has(bytes[20]!)) {
    bytes.writeUInt16BE(0, 4);
    bytes.writeUInt16BE(0, 10);
  }
  if (bytes[0]! >> 4 === 6 && OWN[bytes[6]!]?.has(bytes[40]!)) bytes.writeUIntBE(bytes.readUIntBE(1, 3) & 0xf00000, 1, 3);
  return bytes.toString('hex');
}

/** A line or more for each probe whose outcomes differ; `worlds` may differ by chance, and one of them has to agree. */
export async function differences(
  topology: Topology,
  probes: readonly Made[],
  { outcomes, sentNs }: Sent,
  pace: Pace,
  {
    worlds = 1,
    ignored = () => false,
    prepare = () => {},
  }: { worlds?: number; ignored?: (hex: string) => boolean; prepare?: (engine: Simulated) => void } = {},
): Promise<string[]> {
  const kept = (lists: Outcomes): string[] => lists.map((list) => list.filter((hex) => !ignored(hex)).join('\n'));
  const kernel = kept(outcomes);
  const told = new Map<number, string>();
  let open = [...probes.keys(), probes.length];
  for (let seed = 1; seed <= worlds && open.length > 0; seed += 1) {
    await using engine = simulated(topology, { seed });
    prepare(engine);
    const simulation = kept(await throughSimulation(engine, probes, sentNs, pace));
    open = open.filter((i) => kernel[i] !== simulation[i]);
    for (const i of open) told.set(i, difference(probes[i]?.title ?? 'packets of no probe', kernel[i]!, simulation[i]!));
  }
  return open.map((i) => told.get(i)!);
}

const difference = (title: string, kernel: string, simulation: string): string =>
  [title, ...described('kernel    ', kernel), ...described('simulation', simulation)].join('\n  ');

const described = (who: string, lines: string): string[] =>
  lines === '' ? [`${who} nothing`] : lines.split('\n').map((hex) => `${who} ${inWords(hex)}\n             ${hex}`);

/** For a reader of a failure only: the comparison is by bytes. */
function inWords(hex: string): string {
  const { layers, body } = dissect(Buffer.from(hex, 'hex'), 101);
  const headers = layers.map((layer) => `${layer.source}>${layer.destination} ttl ${layer.ttl}`).join(' | ');
  return `${headers} | ${body.kind === 'icmp' ? `ICMP ${body.header.type}/${body.header.code}` : body.kind}, ${hex.length / 2} bytes`;
}
