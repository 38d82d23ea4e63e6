/**
 * Which faults no probe from our place can tell apart, from a topology alone. Closed walks are sums of cycles, so two sets of faults look
 * alike where every cycle that packets still get round bears the same in both (−ln of its survival), and no other cycle is dead in one.
 */
import type { Topology } from '../../src/topology/topology.ts';
import type { Losses } from './told.ts';

/** `r1→r2`: one direction of a link; `r1–r2`: a link whose two directions always look alike; `r2`: a router. */
export type Explanation = readonly string[];

interface Arc {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** Loss of one crossing, 0–1, as −ln of its survival; of all: infinite. By the name of a direction or a router. */
type Burdens = ReadonlyMap<string, number>;

interface Network {
  readonly us: string;
  readonly arcs: readonly Arc[];
}

/** One number for each independent cycle through us that packets get round. */
type Signature = readonly number[];

const CLOSE = 1e-9;

/** Every smallest set of faults, of up to two, that looks like these in all closed walks; names of those that always look alike are one. */
export function lookAlikes(topology: Topology, losses: Losses): Explanation[] {
  const network = networkOf(topology);
  const groups = groupsOf(network, topology);
  const burdens = new Map(Object.entries(losses).map(([name, loss]) => [name, -Math.log(1 - loss)]));
  const alive = aliveIn(network, burdens);
  const seen = signatureOf(network, alive, burdens);
  const looks = (faults: readonly string[]): boolean => looksLike(network, faults, alive, seen);
  const names = [...groups.keys()];
  const sizes = [[[]], names.map((one) => [one]), names.flatMap((one, at) => names.slice(at + 1).map((other) => [one, other]))];
  const found = sizes.map((sets) => sets.filter(looks)).find((sets) => sets.length > 0) ?? [];
  const told = found.map((set) => set.map((one) => groups.get(deadLike(network, names, alive, one))!).toSorted());
  return [...new Map(told.map((set) => [set.join(), set])).values()];
}

/** A dead router looks like the only link that leads to it, dead: the link is named. Others are named as they are. */
function deadLike(network: Network, names: readonly string[], alive: readonly Arc[], one: string): string {
  const left = (name: string): string => namesOf(aliveIn(network, new Map([[name, Number.POSITIVE_INFINITY]])));
  const isHit = alive.every((arc) => arc.name !== one && arc.to !== one);
  return isHit ? names.find((other) => left(other) === left(one))! : one;
}

const namesOf = (arcs: readonly Arc[]): string => arcs.map(({ name }) => name).join();

/** Whether no closed walk crosses the one, by the name of its group, but over one of the others. */
export function isBehind(topology: Topology, one: string, others: readonly string[]): boolean {
  const network = networkOf(topology);
  const names = groupNames(topology);
  const called = (group: string): string[] => [...names].flatMap(([name, other]) => (other === group ? [name] : []));
  const alive = aliveIn(network, new Map(others.flatMap(called).map((name) => [name, Number.POSITIVE_INFINITY])));
  return called(one).every((name) => alive.every((arc) => arc.name !== name && arc.to !== name));
}

/** What each fault is called: those that always look alike have one name. */
export function groupNames(topology: Topology): ReadonlyMap<string, string> {
  const network = networkOf(topology);
  const names = new Map<string, string>();
  for (const [first, name] of groupsOf(network, topology))
    for (const one of componentsOf(topology)) if (isParallel(unitOf(network, first), unitOf(network, one))) names.set(one, name);
  return names;
}

function networkOf({ nodes, links }: Topology): Network {
  const arcs = links.flatMap(({ ends }) =>
    ([ends, ends.toReversed()] as const).map(([one, two]) => ({ name: `${one!.node}→${two!.node}`, from: one!.node, to: two!.node })),
  );
  return { us: nodes.find(({ vantage }) => vantage)!.name, arcs };
}

const componentsOf = (topology: Topology): string[] => [
  ...networkOf(topology).arcs.map(({ name }) => name),
  ...topology.nodes.filter(({ vantage }) => !vantage).map(({ name }) => name),
];

/** Of each group its first member, and what all are called. A link before the router at its end. */
function groupsOf(network: Network, topology: Topology): Map<string, string> {
  const groups = new Map<string, string[]>();
  for (const one of componentsOf(topology)) {
    const first = [...groups.keys()].find((other) => isParallel(unitOf(network, other), unitOf(network, one))) ?? one;
    groups.set(first, [...(groups.get(first) ?? []), one]);
  }
  return new Map([...groups].map(([first, members]) => [first, nameOf(members)]));
}

function nameOf(members: readonly string[]): string {
  const arcs = members.filter((one) => one.includes('→'));
  if (arcs.length < 2) return arcs[0] ?? members[0]!;
  return arcs[0]!.split('→').toSorted().join('–');
}

const unitOf = (network: Network, name: string): Signature => signatureOf(network, network.arcs, new Map([[name, 1]]));

function isParallel(one: Signature, other: Signature): boolean {
  const scale = product(one, other) / product(other, other);
  return one.every((each, at) => Math.abs(each - scale * other[at]!) < CLOSE);
}

const product = (one: Signature, other: Signature): number => one.reduce((sum, each, at) => sum + each * other[at]!, 0);

/** A router's loss is of all that reaches it. */
const burdenOf = ({ name, to }: Arc, burdens: Burdens): number => (burdens.get(name) ?? 0) + (burdens.get(to) ?? 0);

/** Directions that some closed walk from us still gets round. */
function aliveIn({ us, arcs }: Network, burdens: Burdens): readonly Arc[] {
  const passing = arcs.filter((arc) => burdenOf(arc, burdens) < Number.POSITIVE_INFINITY);
  const there = reached(us, passing);
  const back = reached(
    us,
    passing.map(({ name, from, to }) => ({ name, from: to, to: from })),
  );
  return passing.filter(({ from, to }) => [from, to].every((node) => there.has(node) && back.has(node)));
}

function reached(us: string, arcs: readonly Arc[]): Set<string> {
  const seen = new Set([us]);
  for (const node of seen) for (const { from, to } of arcs) if (from === node) seen.add(to);
  return seen;
}

/** What is left of each direction's burden when nodes are given heights by a tree of directions: all that closed walks add up. */
function signatureOf({ us }: Network, alive: readonly Arc[], burdens: Burdens): Signature {
  const heights = new Map([[us, 0]]);
  for (const [node, height] of heights)
    for (const arc of alive) if (arc.from === node && !heights.has(arc.to)) heights.set(arc.to, height + burdenOf(arc, burdens));
  return alive.map((arc) => heights.get(arc.from)! + burdenOf(arc, burdens) - heights.get(arc.to)!);
}

/** Whether some losses of all these, of part of what crosses or of all, look so. */
function looksLike(network: Network, faults: readonly string[], alive: readonly Arc[], seen: Signature): boolean {
  return subsetsOf(faults).some((dead) => {
    const gone = new Map(dead.map((one) => [one, Number.POSITIVE_INFINITY]));
    const left = aliveIn(network, gone);
    if (namesOf(left) !== namesOf(alive)) return false;
    const units = faults.filter((one) => !dead.includes(one)).map((one) => signatureOf(network, alive, new Map([[one, 1]])));
    return isPositiveSum(seen, units);
  });
}

const subsetsOf = (faults: readonly string[]): string[][] =>
  Array.from({ length: 2 ** faults.length }, (_, bits) => faults.filter((__, at) => (bits >> at) & 1));

/** With weights above 0, of none, one or two. */
function isPositiveSum(seen: Signature, units: readonly Signature[]): boolean {
  const [one, other] = units;
  if (one === undefined) return seen.every((each) => Math.abs(each) < CLOSE);
  if (other === undefined) {
    const weight = product(one, seen) / product(one, one);
    return weight > CLOSE && seen.every((each, at) => Math.abs(each - weight * one[at]!) < CLOSE);
  }
  const [a, b, c] = [product(one, one), product(one, other), product(other, other)];
  const [p, q] = [product(one, seen), product(other, seen)];
  const determinant = a * c - b * b;
  if (determinant < CLOSE) return false;
  const [x, y] = [(p * c - q * b) / determinant, (q * a - p * b) / determinant];
  return x > CLOSE && y > CLOSE && seen.every((each, at) => Math.abs(each - x * one[at]! - y * other[at]!) < CLOSE);
}
