/** How many more probes would tell explanations apart that all fit. */
import { burdenOf, lossOf } from './counted.ts';
import type { Diagnosis } from './diagnosis.ts';
import { divergence } from './divergence.ts';
import { normalQuantile } from './normal.ts';
import type { Walk } from './walk.ts';

/** The best of many sets is near the true one, not of just one. */
const MANY = 10;

/** The deviance above the best explanation's within which one fits too. */
export const boundFor = (confidence: number): number => normalQuantile(1 - (1 - confidence) / (2 * MANY)) ** 2;

/** Counts scatter, so that more deviance is aimed at than the bound. */
const AIM = 2;
/** Of one probe: that what cannot be lost by one explanation is lost by the other settles it. */
const MOST_TOLD = 10;
/** Of what a good component may lose at most, about what most of them lose. */
const MOSTLY = 1 / 4;

/**
 * Probes on each walk, few in sum, after which the rivals of the likeliest explanation fit no more if that one is true; 0 for all where
 * there is none, or where it takes more than `most` in sum: two that look alike in every walk are never told apart. `confidence`: as
 * explain() had it.
 */
export function probesToTell(walks: readonly Walk[], diagnosis: Diagnosis, confidence: number, most: number): number[] {
  const none = walks.map(() => 0);
  const sorted = diagnosis.explanations.toSorted((one, other) => one.deviance - other.deviance);
  const losses = sorted.map(({ faults }) => lossesOver(walks, faults, diagnosis.background));
  const aim = AIM * boundFor(confidence);
  const rivals = sorted.slice(1).map(({ deviance }, at) => ({
    need: aim - deviance,
    telling: walks.map((_, walk) => Math.min(MOST_TOLD, 2 * divergence(losses[0]![walk]!, losses[at + 1]![walk]!))),
  }));
  const able = rivals.filter(({ need, telling }) => need <= most * Math.max(...telling));
  const planned = [...none];
  for (let left = most; ; ) {
    const open = able.filter(({ need }) => need > 0);
    if (open.length === 0) return planned;
    const worth = walks.map((_, walk) => open.reduce((sum, { telling, need }) => sum + telling[walk]! / need, 0));
    const best = worth.reduce((at, each, walk) => (each > worth[at]! ? walk : at), 0);
    const probes = Math.ceil(
      Math.min(...open.map(({ need, telling }) => (telling[best]! > 0 ? need / telling[best]! : Number.POSITIVE_INFINITY))),
    );
    if (probes > left) return left === most ? none : planned;
    for (const one of able) one.need -= probes * one.telling[best]!;
    planned[best]! += probes;
    left -= probes;
  }
}

/** Of each walk, if these are the faults. */
function lossesOver(walks: readonly Walk[], faults: Diagnosis['explanations'][number]['faults'], background: number): number[] {
  const burdens = new Map(faults.map(({ component, loss }) => [component, burdenOf(loss)]));
  const good = burdenOf(background * MOSTLY);
  return walks.map(({ crossings }) => lossOf(crossings.reduce((sum, one) => sum + (burdens.get(one) ?? good), 0)));
}
