/**
 * A look at all lossy paths, in turn: how every component's likelihood slopes where its odds are now. In the decay ln(1 + o), a path of
 * survival s that lost l pulls the odds up by l s / (1 − s), and each probe that arrived pulls them down by 1. So one pass over the paths
 * tells which components must be visited: the others are at rest (J. Friedman and others, "Regularization Paths for Generalized Linear
 * Models via Coordinate Descent", 2010, section 2.5).
 */
import { LEAST_LOSS } from './tomography-component.ts';
import { DEAD_ODDS, type Fit } from './tomography-state.ts';

/** Sets the fit's `pull` and `information`; gives the same of the good links' rate: how much their decay is pulled, and the information. */
export function look({ tallies, paths, state, linkCrossings, pull, information }: Fit): { pull: number; information: number } {
  const { start, crossings } = tallies;
  const good = { pull: 0, information: 0 };
  pull.fill(0);
  information.fill(0);
  for (let i = 0; i < paths.length; i += 1) {
    const lost = 1 / Math.max(1 - state[2 * i]!, LEAST_LOSS);
    const pulls = state[2 * i + 1]! * state[2 * i]! * lost;
    const informs = pulls * lost;
    const path = paths[i]!;
    const to = start[path + 1]!;
    for (let at = start[path]!; at < to; at += 1) {
      const component = crossings[at]!;
      pull[component]! += pulls;
      information[component]! += informs;
    }
    const links = linkCrossings[i]!;
    good.pull += links * pulls;
    good.information += links * links * informs;
  }
  return good;
}

/** Whether one more step would move odds above 0 by less than this share. */
export function isAtRest({ odds, arrived, pull, information }: Fit, component: number, share: number): boolean {
  const now = odds[component]!;
  const excess = pull[component]! - arrived[component]!;
  if (now >= DEAD_ODDS && excess >= 0) return true;
  return Math.abs(excess) * (1 + now) <= share * now * information[component]!;
}

/** What arrived is not less, so that gains stay finite where all is lost. */
const LEAST_ARRIVED = 0.5;

/** How much likelier a good component's most likely odds make what was seen than none do, roughly. */
export function crudeGain({ arrived, pull, information }: Fit, component: number): number {
  const pulls = pull[component]!;
  const passed = Math.max(arrived[component]!, LEAST_ARRIVED);
  if (pulls <= passed) return 0;
  const share = pulls / information[component]!;
  return poissonGain(pulls * share, passed * share);
}

/** Log likelihood ratio of a Poisson count at its own mean against another. */
const poissonGain = (count: number, mean: number): number => count * Math.log(count / mean) - count + mean;
