/** Closed walks worth a look: there and back, through each move, and round each cycle. */
import type { Move, PlannedWalk } from './circuits.ts';

interface WalkLimits {
  readonly vantage: number;
  readonly maxCrossings: number;
  readonly maxWaypoints: number;
}

/** Ways out and home are drawn so often with other weights, for walks that share less. */
const VARIANTS = 3;

/** Without repeats, the shortest first. */
export function candidateWalks(moves: readonly Move[], limits: WalkLimits): PlannedWalk[] {
  const { vantage, maxCrossings, maxWaypoints } = limits;
  const walks = new Map<string, PlannedWalk>();
  for (let variant = 0; variant < VARIANTS; variant += 1) {
    const weights = moves.map((move, index) => move.crossings.length + variant * unevenness(index, variant));
    const out = waysFrom(moves, vantage, weights);
    const home = waysTo(moves, vantage, weights);
    for (const path of closed(moves, out, home)) {
      const walk = walkOf(moves, vantage, path);
      const isOne = walk.moves.length > 0 && !walk.nodes.slice(1, -1).includes(vantage);
      if (isOne && walk.moves.length - 1 <= maxWaypoints && wear(walk) <= maxCrossings) walks.set(walk.moves.join(), walk);
    }
  }
  return [...walks.values()].sort((one, other) => one.crossings.length - other.crossings.length);
}

/** A number from 0 to 3 that looks drawn at random (Knuth's multiplicative hash), so that plans do not depend on chance. */
const unevenness = (index: number, variant: number): number => (((index + 1) * 2654435761 * (variant + 1)) % 4096) / 1365;

type Ways = ReadonlyMap<number, readonly number[]>;

function closed(moves: readonly Move[], out: Ways, home: Ways): (readonly number[])[] {
  const turns = [...out.values()].map((way) => back(moves, way)).filter((path) => path !== null);
  const through = moves.flatMap(({ from, to }, index) => {
    const [there, rest] = [out.get(from), home.get(to)];
    if (there === undefined || rest === undefined) return [];
    const again = out.get(to);
    // out by the one branch and home by the other: round the cycle that this move closes, which need not come by the vantage
    const around = again === undefined ? null : reversed(moves, again);
    return [[...there, index, ...rest], around && [...there, index, ...around], back(moves, [...there, index])].filter(
      (path) => path !== null,
    );
  });
  return [...turns, ...through];
}

/** There and back by the same links; null where a move has no opposite. */
function back(moves: readonly Move[], way: readonly number[]): readonly number[] | null {
  const home = reversed(moves, way);
  return home === null ? null : [...way, ...home];
}

function reversed(moves: readonly Move[], way: readonly number[]): readonly number[] | null {
  const home = way.toReversed().map((index) => oppositeOf(moves, index));
  return home.includes(-1) ? null : home;
}

/** −1 where there is none. */
function oppositeOf(moves: readonly Move[], index: number): number {
  const { from, to, opposite } = moves[index]!;
  return opposite === undefined ? moves.findIndex((move) => move.from === to && move.to === from) : (opposite ?? -1);
}

function walkOf(moves: readonly Move[], vantage: number, path: readonly number[]): PlannedWalk {
  return {
    nodes: [vantage, ...path.map((index) => moves[index]!.to)],
    moves: path,
    crossings: path.flatMap((index) => moves[index]!.crossings),
  };
}

function wear({ crossings }: PlannedWalk): number {
  const times = new Map<number, number>();
  for (const component of crossings) times.set(component, (times.get(component) ?? 0) + 1);
  return Math.max(0, ...times.values());
}

interface Way {
  readonly moves: readonly number[];
  readonly weight: number;
}

/** The lightest way from the vantage to each node, as moves (E. W. Dijkstra). */
function waysFrom(moves: readonly Move[], vantage: number, weights: readonly number[]): Ways {
  const settled = new Map<number, readonly number[]>();
  const known = new Map<number, Way>([[vantage, { moves: [], weight: 0 }]]);
  for (let next = lightest(known); next !== null; next = lightest(known)) {
    const [node, way] = next;
    settled.set(node, way.moves);
    known.delete(node);
    for (const [index, { from, to }] of moves.entries()) {
      const weight = way.weight + weights[index]!;
      if (from !== node || settled.has(to) || weight >= (known.get(to)?.weight ?? Number.POSITIVE_INFINITY)) continue;
      known.set(to, { moves: [...way.moves, index], weight });
    }
  }
  return settled;
}

function lightest(known: ReadonlyMap<number, Way>): [number, Way] | null {
  let best: [number, Way] | null = null;
  for (const entry of known) if (best === null || entry[1].weight < best[1].weight) best = entry;
  return best;
}

/** The lightest way from each node to the vantage: that from the vantage with every move turned round. */
function waysTo(moves: readonly Move[], vantage: number, weights: readonly number[]): Ways {
  const turned = moves.map((move) => ({ ...move, from: move.to, to: move.from }));
  return new Map([...waysFrom(turned, vantage, weights)].map(([node, way]) => [node, way.toReversed()]));
}
