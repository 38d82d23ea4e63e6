/** The probes that lab and simulator both get: itineraries of the product, made once into bytes by the product's own crafting. */
import { boomerang, type Landing, type Waypoint } from '../../src/boomerang/itinerary.ts';
import { mates } from '../../src/boomerang/mate.ts';
import { simulated } from '../../src/engine/simulated/simulated.ts';
import { compile, craft } from '../../src/probe/craft.ts';
import type { Flow, Itinerary, Layer } from '../../src/probe/itinerary.ts';
import { isSendable, newRun } from '../../src/probe/run.ts';
import { endsOf, nodeNamed, vantageOf } from '../../src/topology/lookup.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { type PathKind, tracePlan } from '../../src/trace/path-kind.ts';
import { type Address, type FamilyNumber, familyOf } from '../../src/wire/address.ts';

export interface Plan {
  readonly title: string;
  readonly itinerary: Itinerary;
}

/** One probe as it leaves. */
export interface Made {
  readonly title: string;
  readonly to: Address;
  readonly hex: string;
  /** Its payload's tag, which stands in whatever comes of it and in nothing else. */
  readonly tag: string;
}

export const FLOW: Flow = { transport: 'udp', sourcePort: 45_678, destinationPort: 33_434, dscp: 0, flowLabel: 0, size: null };
const MARKED: Flow = { ...FLOW, dscp: 46, flowLabel: 0x12345 };
const ECHO: Flow = { ...FLOW, transport: 'icmp' };
const FAMILIES: readonly FamilyNumber[] = [4, 6];
const SENT_NS = 1_767_225_600_000_000_000n;
/** UDP's or the echo's header, and where the tag stands in the payload behind it (src/wire/identity.ts). */
const TAG_BEHIND_HEADERS = 8 + 20;

/** The same bytes in every run: the run's random numbers are 0, 1, 2, …, and the time sent is fixed. */
export function made(plans: readonly Plan[]): Made[] {
  const run = newRun((length) => Uint8Array.from({ length }, (_, i) => i));
  let sequence = 0;
  return plans.map(({ title, itinerary }) => {
    do sequence += 1;
    while (!isSendable(run, sequence));
    const template = compile(itinerary);
    const bytes = Buffer.from(craft(template, run, 0, sequence, SENT_NS));
    const tagAt = template.transportAt + TAG_BEHIND_HEADERS;
    return { title, to: itinerary.layers[0]!.destination, hex: bytes.toString('hex'), tag: bytes.toString('hex', tagAt, tagAt + 8) };
  });
}

/** What the plans need to know of a topology: who we are on the way to an address, and who is how far. */
interface Around {
  readonly topology: Topology;
  readonly family: FamilyNumber;
  us(to: Address): Address;
  path(to: string): string[];
  loopback(node: string): Address;
}

function around(topology: Topology, family: FamilyNumber, us: ReadonlyMap<Address, Address>): Around {
  return {
    topology,
    family,
    us: (to) => us.get(to)!,
    path: (to) => shortestPaths(topology, vantageOf(topology).name, to, family)[0]!,
    loopback: (node) => nodeNamed(topology, node)!.loopback[family],
  };
}

/** Our own address on the way to each address there is. */
async function sources(topology: Topology): Promise<Map<Address, Address>> {
  await using engine = simulated(topology);
  const all = [
    ...topology.nodes.map(({ loopback }) => loopback),
    ...topology.links.flatMap(({ ends }) => ends.map((end) => end.addresses)),
  ];
  const found = await Promise.all(all.flatMap((both) => [both[4], both[6]]).map((address) => engine.route(address)));
  return new Map(found.map(({ destination, source }) => [destination, source]));
}

/** Everything that needs no broken link and no patience, both families and mixed. */
export async function plansFor(topology: Topology, flow: Flow = FLOW): Promise<Plan[]> {
  const us = await sources(topology);
  const [four, six] = FAMILIES.map((family) => plansOfFamily(around(topology, family, us), flow)) as [Plan[], Plan[]];
  return [...four, ...six, ...mixed(four, six)];
}

function plansOfFamily(around: Around, flow: Flow): Plan[] {
  const routers = around.topology.nodes.filter(({ vantage }) => !vantage).map(({ name }) => name);
  const flows = flow === FLOW ? [FLOW, MARKED, ECHO] : [flow];
  return [
    ...flows.flatMap((one) => routers.flatMap((name) => traces(around, 'trace', name, name, one))),
    ...flows.flatMap((one) => routers.flatMap((name) => traces(around, 'reverse', name, name, one))),
    ...routers.filter((name) => name !== 'd').flatMap((name) => traces(around, 'between', name, 'd', flow)),
    ...routers.filter((name) => name !== 'd').flatMap((name) => traces(around, 'between', 'd', name, flow)),
    ...boomerangs(around, flow),
    ...(['ipip', 'udp'] as const).flatMap((landing) => loose(around, landing, flow)),
  ];
}

/** Every ttl up to one past the end. */
function traces({ family, us, path, loopback }: Around, kind: PathKind, from: string, to: string, flow: Flow): Plan[] {
  const [start, end] = [loopback(from), loopback(to)];
  const ours = us(start);
  const ends = { kind, us: ours, from: kind === 'trace' ? ours : start, to: kind === 'reverse' ? ours : end };
  const ttls = Math.max(path(from).length, path(to).length) + 1;
  const { layers, landing } = tracePlan(ends);
  const what = flow === FLOW ? '' : ` ${flow.transport} dscp ${flow.dscp} size ${flow.size}`;
  return Array.from({ length: ttls }, (_, i) => ({
    title: `IPv${family} ${kind} from ${kind === 'trace' ? 'a' : from} to ${kind === 'reverse' ? 'a' : to} ttl ${i + 1}${what}`,
    itinerary: { layers: layers(i + 1), flow, landing },
  }));
}

/** Over every position of the way to each node, by the addresses that a trace shows; then with each leg's ttl too small. */
function boomerangs(around: Around, flow: Flow): Plan[] {
  const [, ...hops] = around.path('d');
  const waypoints = waypointsOf(around, hops);
  const us = around.us(waypoints[0]!.out);
  const path = { us, hops: waypoints.map(({ out }) => out), distance: 1, loose: false };
  return waypoints.flatMap((_, i) =>
    (['ipip', 'udp'] as const).flatMap((landing) => {
      const whole = boomerang(path, waypoints.slice(0, i + 1), landing, flow);
      const title = `IPv${around.family} boomerang over ${hops.slice(0, i + 1).join(' ')} landing ${landing}`;
      return [{ title, itinerary: whole }, ...shortened(title, whole)];
    }),
  );
}

function waypointsOf({ topology, family }: Around, hops: readonly string[]): Waypoint[] {
  const path = [vantageOf(topology).name, ...hops];
  const out = hops.map((name, i) => endsOf(topology, name).find(({ far }) => far.node === path[i])!.end.addresses[family]);
  return out.map((address, i) => ({ position: i + 1, out: address, home: i + 1 < out.length ? mates(out[i + 1]!)[0]! : address }));
}

/** Each layer in turn with every ttl below the one that is needed. */
const shortened = (title: string, { layers, flow, landing }: Itinerary): Plan[] =>
  layers.flatMap(({ ttl }, leg) =>
    Array.from({ length: ttl - 1 }, (_, i) => ({
      title: `${title}, leg ${leg + 1} with ttl ${i + 1}`,
      itinerary: { layers: layers.map((layer, at): Layer => (at === leg ? { ...layer, ttl: i + 1 } : layer)), flow, landing },
    })),
  );

/** Over loopback addresses, nearest and farthest only, so that legs have routers between. */
function loose({ family, us, path, loopback }: Around, landing: Landing, flow: Flow): Plan[] {
  const [, ...hops] = path('d');
  const visited = [...new Set([1, hops.length - 1, hops.length])].filter((position) => position > 0);
  const waypoints = visited.map((position) => {
    const address = loopback(hops[position - 1]!);
    return { position, out: address, home: address };
  });
  const around = { us: us(waypoints[0]!.out), hops: [], distance: null, loose: true };
  return waypoints.map((_, i) => ({
    title: `IPv${family} loose boomerang over positions ${visited.slice(0, i + 1).join(' ')} landing ${landing}`,
    itinerary: boomerang(around, waypoints.slice(0, i + 1), landing, flow),
  }));
}

/** The families in turn, layer by layer, wherever a probe has more than one: 4 in 6 and 6 in 4. */
function mixed(four: readonly Plan[], six: readonly Plan[]): Plan[] {
  const pairs = four.flatMap((plan, i) =>
    plan.itinerary.layers.length > 1 ? [[plan.itinerary, six[i]!.itinerary, plan.title] as const] : [],
  );
  return pairs.flatMap(([in4, in6, title]) =>
    ([0, 1] as const).map((first) => ({
      title: `mixed, IPv${first === 0 ? 4 : 6} outermost: ${title}`,
      itinerary: { ...in4, layers: in4.layers.map((layer, i) => ((i + first) % 2 === 0 ? layer : in6.layers[i]!)) },
    })),
  );
}

/** A header to one router, and in it one to nobody: an address without a route, and those of a link that nobody has. */
export async function plansToNobody(topology: Topology): Promise<Plan[]> {
  const us = await sources(topology);
  return FAMILIES.flatMap((family) => {
    const { loopback } = around(topology, family, us);
    const link = topology.links.find(({ ends }) => ends.every(({ node }) => node !== vantageOf(topology).name))!;
    const nobody =
      family === 4
        ? ['192.0.2.9', edge(link.ends[0].addresses[4], 0), edge(link.ends[0].addresses[4], 3)]
        : ['2001:db8::9', edge(link.ends[0].addresses[6], 0), edge(link.ends[0].addresses[6], 3)];
    return link.ends.flatMap(({ node }) =>
      nobody.map((to) => {
        const source = us.get(loopback(node))!;
        const layers = [
          { source, destination: loopback(node), ttl: 64 },
          { source, destination: to, ttl: 64 },
        ];
        return { title: `IPv${family} over ${node} to nobody at ${to}`, itinerary: { layers, flow: FLOW, landing: 0 } };
      }),
    );
  });
}

/** The address of the same link that ends so. */
function edge(address: Address, last: number): Address {
  const parts = address.split(familyOf(address) === 4 ? '.' : ':');
  const kept = familyOf(address) === 4 ? Number(parts.at(-1)) & ~3 : Number.parseInt(parts.at(-1)!, 16) & ~3;
  return [...parts.slice(0, -1), familyOf(address) === 4 ? `${kept + last}` : (kept + last).toString(16)].join(
    familyOf(address) === 4 ? '.' : ':',
  );
}

/** So many of the same probe, which asks a router for the way home. */
export async function repeated(topology: Topology, router: string, family: FamilyNumber, count: number): Promise<Plan[]> {
  const us = await sources(topology);
  const plans = traces(around(topology, family, us), 'reverse', router, router, FLOW);
  return Array.from({ length: count }, (_, i) => ({ ...plans.at(-1)!, title: `IPv${family} reverse from ${router}, number ${i + 1}` }));
}
