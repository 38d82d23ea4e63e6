/** One component's loss where what all others lose is given: its likelihood over the paths that cross it. */
import { normalQuantile } from './normal.ts';

/** One path, by what of it survives the others, 0–1. */
export interface Crossing {
  readonly others: number;
  readonly sent: number;
  readonly lost: number;
}

export interface LossBetween {
  readonly loss: number;
  readonly low: number;
  readonly high: number;
}

const STEPS = 60;
const LEAST = 1e-12;

/** Losses are 0–1; the interval is a profile likelihood's, too narrow by what is not known of the others. */
export function lossAlone(crossings: readonly Crossing[], confidence: number): LossBetween {
  const likelihood = (loss: number): number => crossings.reduce((sum, one) => sum + logOf(one, loss), 0);
  const loss = highest(likelihood);
  const least = likelihood(loss) - normalQuantile(0.5 + confidence / 2) ** 2 / 2;
  return { loss, low: end(likelihood, least, loss, 0), high: end(likelihood, least, loss, 1) };
}

function logOf({ others, sent, lost }: Crossing, loss: number): number {
  const survival = others * (1 - loss);
  const part = (count: number, chance: number): number => (count === 0 ? 0 : count * Math.log(Math.max(chance, LEAST)));
  return part(lost, 1 - survival) + part(sent - lost, survival);
}

/** The likelihood is concave in the logarithm of the survival, so that it has one top. */
function highest(likelihood: (loss: number) => number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < STEPS; step += 1) {
    const [one, other] = [low + (high - low) / 3, high - (high - low) / 3];
    if (likelihood(one) < likelihood(other)) low = one;
    else high = other;
  }
  const middle = (low + high) / 2;
  return [0, 1].find((bound) => likelihood(bound) >= likelihood(middle)) ?? middle;
}

function end(likelihood: (loss: number) => number, least: number, inside: number, bound: 0 | 1): number {
  if (likelihood(bound) >= least) return bound;
  let [within, beyond] = [inside, bound as number];
  for (let step = 0; step < STEPS; step += 1) {
    const middle = (within + beyond) / 2;
    if (likelihood(middle) >= least) within = middle;
    else beyond = middle;
  }
  return within;
}
