/** Walks of which nothing comes home though probes pass all that they cross: no component is dead, so something drops these probes. */
import { wilson } from './interval.ts';
import type { Walk, WalkCounts } from './walk.ts';

/** Of what others' survival is at least. */
const SURE = 0.9999;

/**
 * Their indices; together they err with at most `chance`. A walk survives at least as often as the walks do, taken together, that cross
 * everything on it as often (survivals of independent components multiply). `overdispersion`: so many probes count as one.
 */
export function impassable(walks: readonly Walk[], counts: readonly WalkCounts[], overdispersion: number, chance = 1e-4): number[] {
  const least = counts.map(({ sent, lost }) => leastSurvival(sent, lost, overdispersion));
  const living = least.map((_, walk) => walk).sort((one, other) => least[other]! - least[one]!);
  const bound = chance / Math.max(1, walks.length);
  return walks.flatMap(({ crossings }, walk) => {
    const { sent, lost } = counts[walk]!;
    if (sent === 0 || lost < sent) return [];
    const survival = survivalOver(crossings, walks, living, least);
    return (1 - survival) ** (sent / overdispersion) < bound ? [walk] : [];
  });
}

function leastSurvival(sent: number, lost: number, overdispersion: number): number {
  const trials = Math.floor(sent / overdispersion);
  const received = sent === 0 ? 0 : Math.floor((trials * (sent - lost)) / sent);
  return wilson(received, trials, SURE)?.low ?? 0;
}

/** Of the best walks that between them cross all of it, as often; 0 where none do. */
function survivalOver(crossings: readonly number[], walks: readonly Walk[], living: readonly number[], least: readonly number[]): number {
  let rest = [...crossings];
  let survival = 1;
  for (const walk of living) {
    if (rest.length === 0 || least[walk] === 0) break;
    for (let left = without(rest, walks[walk]!.crossings); left.length < rest.length; left = without(rest, walks[walk]!.crossings)) {
      rest = left;
      survival *= least[walk]!;
    }
  }
  return rest.length === 0 ? survival : 0;
}

/** Each crossing takes one away. */
function without(crossings: readonly number[], taken: readonly number[]): number[] {
  const left = [...taken];
  return crossings.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
