/** Which other component alone would explain as well what one is blamed for. */

import type { PathTallies } from './path-tallies.ts';
import { ALIKE, gainOf, gainsOf, LEAST_LOSS, likeliestOdds } from './tomography-component.ts';
import { type Fit, setOdds } from './tomography-state.ts';

/** A rival with so many times less likelihood by a crude look is not looked at closely. */
const FAR = 5;

/**
 * Those that could take a component's place while the log likelihood drops by less than `bound`. A rival lies on the path that speaks most
 * for the component, and on the next one too if that says enough: to leave these unexplained costs too much.
 */
export function rivalsOf(fit: Fit, component: number, bound: number): number[] {
  const { losses, accomplices } = caseAgainst(fit, component, FAR * bound);
  const own = probesOf(fit, component);
  const close = accomplices.filter((other) => losses * Math.log(probesOf(fit, other) / own) < FAR * bound);
  if (close.length === 0) return [];
  const odds = fit.odds[component]!;
  const gain = gainOf(fit, component, odds);
  setOdds(fit, component, 0);
  const rivals = close.filter((other) => gain - gainAbove(fit, other) < bound);
  setOdds(fit, component, odds);
  return rivals;
}

const probesOf = ({ arrived, lost }: Fit, component: number): number => arrived[component]! + lost[component]!;

interface Case {
  /** Losses that fall to the component by the fit. */
  readonly losses: number;
  /** The other components of the path that speaks most for it, if the next says enough by itself only those that are on both. */
  readonly accomplices: readonly number[];
}

function caseAgainst({ tallies, paths, first, entries, state, odds }: Fit, component: number, enough: number): Case {
  const own = odds[component]!;
  let losses = 0;
  let [strongest, most, second, next] = [-1, -1, -1, -1];
  let [others, word] = [Number.NaN, 0];
  for (let i = first[component]!; i < first[component + 1]!; i += 1) {
    const entry = entries[i]!;
    const lost = state[2 * entry + 1]!;
    const rest = Math.max(1 - state[2 * entry]! * (1 + own), LEAST_LOSS);
    losses += (lost * own) / (own + rest);
    // ln(1 + x) is at most x
    if (lost * own <= next * rest || entry === strongest) continue;
    if (!(Math.abs(rest - others) <= ALIKE * rest)) {
      others = rest;
      word = Math.log(1 + own / rest);
    }
    const voice = lost * word;
    if (voice <= next) continue;
    second = entry;
    next = voice;
    if (voice > most) [strongest, most, second, next] = [second, next, strongest, most];
  }
  const crossed = crossingsOf(tallies, paths[strongest]!);
  const saysEnough = second >= 0 && next - tallies.sent[paths[second]!]! * Math.log(1 + own) > enough;
  const both = saysEnough ? crossingsOf(tallies, paths[second]!) : crossed;
  return {
    losses,
    accomplices: crossed.filter((other, at) => other !== component && both.includes(other) && crossed.indexOf(other) === at),
  };
}

const crossingsOf = ({ start, crossings }: PathTallies, path: number): number[] => [...crossings.subarray(start[path]!, start[path + 1]!)];

/** What the likelihood gains where a component loses as much as is likeliest, above what it loses now. */
function gainAbove(fit: Fit, component: number): number {
  const odds = likeliestOdds(fit, component, 1e-6);
  const gain = gainsOf(fit, component);
  return gain(odds) - gain(fit.odds[component]!);
}
