/** What a good link loses, from the data. */
import type { Fit } from './tomography-state.ts';

const STEPS = 50;
const PRECISION = 2e-3;

/**
 * The most likely rate with all that is blamed at its present odds, and the paths' survival set to it. Where none was lost it is what half
 * a loss would make it (Jeffreys' prior).
 */
export function fitGoodRate({ state, linkCrossings, linksPassed }: Fit, before: number, atMost: number): number {
  const most = linkCrossings.reduce((high, each) => Math.max(high, each), 0);
  let rate = before;
  let powers = new Float64Array(most + 1).fill(1);
  for (let step = 0; step < STEPS; step += 1) {
    let lost = 0;
    for (let i = 0; i < linkCrossings.length; i += 1) {
      const crossed = linkCrossings[i]!;
      const survival = state[2 * i]! * powers[crossed]!;
      lost += (crossed * state[2 * i + 1]! * survival) / (1 - survival);
    }
    const next = Math.min((lost * rate + 0.5) / (linksPassed + 1), atMost);
    const change = Math.abs(next - rate) / next;
    rate = next;
    powers = powers.map((_, crossed) => ((1 - rate) / (1 - before)) ** crossed);
    if (change < PRECISION) break;
  }
  for (let i = 0; i < linkCrossings.length; i += 1) state[2 * i]! *= powers[linkCrossings[i]!]!;
  return rate;
}
