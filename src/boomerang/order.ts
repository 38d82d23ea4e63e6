/** The order within a round of a sweep. A fixed one would meet a link's rhythm always at the same hops (RFC 2330 §11.1: sample by chance). */
import type { Random } from '../engine/simulated/random.ts';

/** All orders are equally likely (R. Durstenfeld, Algorithm 235, CACM 7, 1964). In place. */
export function shuffle<T>(items: T[], { fraction }: Pick<Random, 'fraction'>): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const chosen = Math.floor(fraction() * (last + 1));
    const item = items[last]!;
    items[last] = items[chosen]!;
    items[chosen] = item;
  }
}
