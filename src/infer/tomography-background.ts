/** What a good link loses, from the data. */
import type { Fit } from './tomography-state.ts';

/**
 * A step from a rate to the most likely one with all that is blamed at its present odds, and the paths' survival set to it. The pull of
 * losses on the rate is a pole at 0, of what good links lose, over a constant, of what others do; one step finds both. Where none was lost
 * it is what half a loss would make it (Jeffreys' prior).
 */
export function stepGoodRate(fit: Fit, good: { pull: number; information: number }, before: number, atMost: number): number {
  const { state, linkCrossings, mostLinks, linksPassed } = fit;
  const pole = (good.information * before ** 2) / (1 - before) + 0.5;
  const others = good.pull + 0.5 / before - pole / before;
  const room = linksPassed + 1 - others;
  const rate = room > 0 ? Math.min(pole / room, atMost) : atMost;
  const powers = Float64Array.from({ length: mostLinks + 1 }, (_, crossed) => ((1 - rate) / (1 - before)) ** crossed);
  for (let i = 0; i < linkCrossings.length; i += 1) state[2 * i]! *= powers[linkCrossings[i]!]!;
  return rate;
}
