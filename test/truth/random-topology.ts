/** Random networks, connected and odd: asymmetric costs, cycles, equal ways, parallel links, and one to three routers that do not cooperate. */
import fc from 'fast-check';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';

export interface RandomNetwork {
  readonly topology: Topology;
  /** A router: where `-s` starts. */
  readonly start: string;
  /** For everything that happens by chance in the network. */
  readonly seed: number;
  /** What stands in a failure's report: a topology file as it can be raised. */
  readonly [fc.toStringMethod]: () => string;
}

/** A link before it has a name: nodes by index, 0 is the vantage and the last is `d`. */
type Wire = readonly [from: number, to: number, cost: number, costBack: number, delayMs: number];

interface Plan {
  readonly wires: readonly Wire[];
  readonly odd: readonly (readonly [node: number, how: 'silent' | 'plain'])[];
  readonly profile: 'lab' | 'stock';
  readonly source: 'link' | 'loopback';
  readonly start: number;
  readonly seed: number;
}

const LEAST_NODES = 4;
const MOST_NODES = 14;

/** `from` and `to` differ. The cost 1 comes more often than others, so that equal ways are not rare. */
const wire = (from: fc.Arbitrary<number>, to: fc.Arbitrary<number>): fc.Arbitrary<Wire> => {
  const cost = fc.constantFrom(1, 1, 1, 1, 2, 3, 4);
  return fc.tuple(from, to, cost, cost, fc.constantFrom(0, 0.3, 1, 2)).filter(([one, two]) => one !== two);
};

/** Without the vantage, which forwards nothing, the rest must hang together: each hangs on one of the two before it. */
const tree = (count: number): fc.Arbitrary<Wire[]> =>
  fc.tuple(...Array.from({ length: count - 2 }, (_, i) => wire(fc.constantFrom(Math.max(1, i), i + 1, i + 1), fc.constant(i + 2))));

/** Most further links join near neighbours: cycles and equal ways then do not make every path short. */
const shortcut = (count: number): fc.Arbitrary<Wire> => {
  const inside = fc.integer({ min: 1, max: count - 1 });
  const span = fc.constantFrom(1, 2, 2, 2, 3, MOST_NODES);
  return fc.tuple(wire(inside, fc.constant(0)), span).map(([[from, , ...rest], steps]): Wire => {
    const to = from + steps < count ? from + steps : Math.max(1, from - steps);
    return [from, to === from ? (from === 1 ? 2 : 1) : to, ...rest];
  });
};

const plan = (count: number): fc.Arbitrary<Plan> => {
  const router = fc.integer({ min: 1, max: count - 2 });
  return fc.record({
    wires: fc
      .tuple(
        fc.array(wire(fc.constant(0), router), { minLength: 1, maxLength: 2 }),
        tree(count),
        fc.array(shortcut(count), { maxLength: count }),
      )
      .map((parts) => parts.flat()),
    odd: fc.uniqueArray(fc.tuple(router, fc.constantFrom('silent', 'plain')), {
      minLength: 1,
      maxLength: Math.min(3, count - 2),
      selector: ([node]) => node,
    }),
    profile: fc.constantFrom('lab', 'stock'),
    source: fc.constantFrom('link', 'link', 'loopback'),
    start: router,
    seed: fc.integer({ min: 1, max: 0x7fffffff }),
  });
};

export const randomNetworks = (name: string): fc.Arbitrary<RandomNetwork> =>
  fc
    .integer({ min: LEAST_NODES, max: MOST_NODES })
    .chain((count) => plan(count).map((made) => ({ text: fileOf(name, count, made), made })))
    .map(({ text, made: { start, seed } }) => networkOf(text, `r${start}`, seed));

export const networkOf = (text: string, start: string, seed: number): RandomNetwork => ({
  topology: parseTopology(text, 'random.json'),
  start,
  seed,
  [fc.toStringMethod]: () => `{start: ${start}, seed: ${seed}, topology: ${text}}`,
});

function fileOf(name: string, count: number, { wires, odd, profile, source }: Plan): string {
  const nameOf = (index: number): string => (index === 0 ? 'a' : index === count - 1 ? 'd' : `r${index}`);
  const nodes = Array.from({ length: count }, (_, index) => [nameOf(index), index === 0 ? { vantage: true, source } : {}] as const);
  const changed = odd.map(([node, how]) => [nameOf(node), how === 'silent' ? { silent: true } : { decapsulates: false }] as const);
  const links = wires.map(([from, to, cost, costBack, delayMs]) => ({ between: [nameOf(from), nameOf(to)], cost, costBack, delayMs }));
  return JSON.stringify({ name, profile, nodes: Object.fromEntries([...nodes, ...changed]), links });
}
