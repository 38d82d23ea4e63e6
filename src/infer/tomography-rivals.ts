/** Which other component alone would explain as well what one is blamed for. */
import { gainOf, likeliestOdds } from './tomography-component.ts';
import { type Fit, setOdds } from './tomography-state.ts';

/** A rival with so many times less likelihood by a crude look is not looked at closely. */
const FAR = 5;

/**
 * Those that could take a component's place while the log likelihood drops by less than `bound`. A rival lies on the path that speaks most
 * for the component: to leave that unexplained costs too much.
 */
export function rivalsOf(fit: Fit, component: number, bound: number): number[] {
  const { losses, strongest } = caseAgainst(fit, component);
  const { start, crossings } = fit.tallies;
  const others = new Set(crossings.subarray(start[strongest]!, start[strongest + 1]!));
  others.delete(component);
  const probes = (each: number): number => fit.arrived[each]! + fit.lost[each]!;
  const close = [...others].filter((other) => losses * Math.log(probes(other) / probes(component)) < FAR * bound);
  if (close.length === 0) return [];
  const odds = fit.odds[component]!;
  const gain = gainOf(fit, component, odds);
  setOdds(fit, component, 0);
  const rivals = close.filter((other) => gain - gainAbove(fit, other) < bound);
  setOdds(fit, component, odds);
  return rivals;
}

/** Losses that fall to a component by the fit, and the number of the path that speaks most for it. */
function caseAgainst({ paths, first, entries, state, odds }: Fit, component: number): { losses: number; strongest: number } {
  const own = odds[component]!;
  let [losses, strongest, most] = [0, 0, -1];
  for (let i = first[component]!; i < first[component + 1]!; i += 1) {
    const entry = entries[i]!;
    const lost = state[2 * entry + 1]!;
    const others = 1 - Math.min(state[2 * entry]! * (1 + own), 1);
    const voice = lost * Math.log(1 + own / Math.max(others, 1e-12));
    losses += (lost * own) / (own + others);
    if (voice > most) [most, strongest] = [voice, paths[entry]!];
  }
  return { losses, strongest };
}

/** What the likelihood gains where a component loses as much as is likeliest, above what it loses now. */
const gainAbove = (fit: Fit, component: number): number =>
  gainOf(fit, component, likeliestOdds(fit, component, 1e-6)) - gainOf(fit, component, fit.odds[component]!);
