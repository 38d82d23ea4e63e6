/** The tree of ways that lose least: where one link loses much, what lies behind it is better probed by other links. */
import { type Graph, VANTAGE } from './graph.ts';

/** One more leg is a small price, so that of equal ways the shortest is kept. */
const STEP = 1e-6;
/** What loses all is still a way, where there is no other. */
const DEAD = 100;

/** `losses`: of each leg, 0–1. By Dijkstra's algorithm (Numerische Mathematik 1, 1959), over legs that have a way back. */
export function leastLossTree({ nodes, legs }: Graph, losses: readonly number[]): Map<number, number> {
  const price = (leg: number): number =>
    STEP + Math.min(DEAD, -Math.log1p(-losses[leg]!)) + Math.min(DEAD, -Math.log1p(-losses[legs[leg]!.opposite!]!));
  const cost = new Map<number, number>([[VANTAGE, 0]]);
  const tree = new Map<number, number>();
  const open = new Set<number>([VANTAGE]);
  while (open.size > 0) {
    const here = [...open].reduce((best, node) => (cost.get(node)! < cost.get(best)! ? node : best));
    open.delete(here);
    for (const [leg, { from, to, opposite }] of legs.entries()) {
      if (from !== here || opposite === null || to === VANTAGE) continue;
      const sum = cost.get(here)! + price(leg);
      if (sum >= (cost.get(to) ?? Number.POSITIVE_INFINITY)) continue;
      cost.set(to, sum);
      tree.set(to, leg);
      open.add(to);
    }
  }
  return nodes.length > 1 ? tree : new Map();
}
