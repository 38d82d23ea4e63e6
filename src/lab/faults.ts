/** Breaks one link of a lab that is up, and mends it. */
import { BeaconError } from '../error.ts';
import { type Fault, parseFraction, parseShare } from '../topology/fault.ts';
import { linkNamed, nodeNamed } from '../topology/lookup.ts';
import type { Link, LinkEnd, Topology } from '../topology/topology.ts';
import { inside, run } from './command.ts';
import { readCounters } from './counters.ts';
import { clearBatch, directionNumber, faultBatch } from './maps.ts';
import { attachLines } from './pins.ts';
import { endLines, routesBatch } from './wiring.ts';

/** See Lab.fault. */
export async function setFault(topology: Topology, name: string, from: string | null, fault: Fault | 'down' | 'clear'): Promise<void> {
  const link = linkNamed(topology, name);
  const directions = directionsOf(topology, link, from);
  if (fault === 'down') return takeDown(topology, link, from);
  if (fault === 'clear') return clear(topology, link, directions);
  checkFault(fault);
  for (const direction of directions) await attach(topology, direction, fault);
}

interface Direction {
  readonly number: number;
  readonly end: LinkEnd;
}

function directionsOf(topology: Topology, link: Link, from: string | null): Direction[] {
  const index = topology.links.indexOf(link);
  const sender = from === null ? null : nodeNamed(topology, from)?.name;
  const directions = link.ends.map((end, i) => ({ number: directionNumber(index, i), end }));
  const wanted = directions.filter(({ end }) => sender === null || end.node === sender);
  if (wanted.length > 0) return wanted;
  const ends = link.ends.map(({ node }) => node).join(' or ');
  throw new BeaconError('ERR_USAGE', `No packet leaves ${from} by link ${link.id}: its ends are ${ends}`);
}

/** The bytes of the map hold no other fractions and shares than those that the command line can say. */
function checkFault({ loss, duplicate, corrupt, exact, flowLoss }: Fault): void {
  for (const [name, fraction] of Object.entries({ loss, duplicate, corrupt })) parseFraction(String(fraction), name);
  for (const [name, share] of Object.entries({ exact, flowLoss })) if (share) parseShare(`${share.lost}/${share.of}`, name);
}

async function attach({ name }: Topology, { number, end }: Direction, fault: Fault): Promise<void> {
  await run(name, { argv: ['bpftool', 'batch', 'file', '-'], input: faultBatch(name, number, fault) });
  await run(
    name,
    inside(name, end.node, { argv: ['tc', '-batch', '-'], input: attachLines(name, end.interface, 'egress', 'fault', number) }),
  );
}

async function takeDown({ name }: Topology, link: Link, from: string | null): Promise<void> {
  if (from !== null)
    throw new BeaconError(
      'ERR_USAGE',
      `Link ${link.id} has one carrier for both directions: leave the direction out, or take a blackhole from ${from}`,
    );
  for (const end of link.ends) await onIp(name, end, `link set ${end.interface} down\n`);
}

async function clear(topology: Topology, link: Link, directions: readonly Direction[]): Promise<void> {
  const { name } = topology;
  const { links } = await readCounters(topology);
  const faulty = directions.filter(({ end }) => links.some((counted) => counted.link === link.id && counted.from === end.node));
  for (const { end } of faulty)
    await run(name, inside(name, end.node, { argv: ['tc', 'filter', 'del', 'dev', end.interface, 'egress', 'pref', '1'], input: '' }));
  if (faulty.length > 0)
    await run(name, {
      argv: ['bpftool', 'batch', 'file', '-'],
      input: clearBatch(
        name,
        faulty.map(({ number }) => number),
      ),
    });
  if (await isDown(name, link)) await mend(topology, link);
}

async function isDown(lab: string, { ends: [end] }: Link): Promise<boolean> {
  return !(await interfacesUp(lab, end.node)).has(end.interface);
}

async function interfacesUp(lab: string, node: string): Promise<Set<string>> {
  const text = await run(lab, inside(lab, node, { argv: ['ip', '-j', 'link', 'show', 'up'], input: '' }));
  return new Set((JSON.parse(text) as { ifname?: string }[]).flatMap(({ ifname }) => ifname ?? []));
}

/** The kernel forgot the routes of both nodes, and may have kept the addresses: both ends first, then what leads through them. */
async function mend(topology: Topology, { ends }: Link): Promise<void> {
  for (const end of ends) await onIp(topology.name, end, `${endLines(end).join('\n')}\n`);
  for (const end of ends) {
    const node = nodeNamed(topology, end.node)!;
    const up = await interfacesUp(topology.name, end.node);
    await onIp(
      topology.name,
      end,
      routesBatch(topology, node, (name) => up.has(name)),
    );
  }
}

const onIp = (lab: string, { node }: LinkEnd, input: string): Promise<string> =>
  run(lab, inside(lab, node, { argv: ['ip', '-batch', '-'], input }));
