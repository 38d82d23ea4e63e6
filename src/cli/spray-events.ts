/** What a spray counted, as events. */
import type { SprayPlan, SprayTarget } from '../boomerang/spray-plan.ts';
import type { SprayCount, SprayTally } from '../boomerang/spray-tally.ts';
import { type Quantiles, quantiles, type SprayState } from '../boomerang/spraying.ts';
import type { Spraying } from '../engine/spray.ts';
import { wilson } from '../infer/interval.ts';
import type { SprayCounts, SprayedCell, SprayRtt } from '../report/event.ts';
import { milliseconds } from './hop-event.ts';
import type { Said } from './session.ts';

export function sprayEvent(state: SprayState, rate: number | null, worst: readonly SprayedCell[]): Said {
  const { elapsedNs, counters, kept, recent, rttNs, draining } = state;
  const interval = wilson(recent.missing, recent.sent);
  return {
    type: 'spray',
    elapsedMs: milliseconds(elapsedNs),
    rate,
    kept: Math.round(kept),
    sent: counters.sent,
    received: counters.received,
    loss: interval === null ? null : recent.missing / recent.sent,
    lossLow: interval?.low ?? null,
    lossHigh: interval?.high ?? null,
    p50Ms: rttNs === null ? null : milliseconds(rttNs.p50),
    p99Ms: rttNs === null ? null : milliseconds(rttNs.p99),
    drops: counters.drops,
    draining,
    worst,
  };
}

export const countsOf = ({ duplicates, ...counts }: SprayCount): SprayCounts => ({ ...counts, duplicate: duplicates });

export const rttOf = (rtt: Quantiles | null): SprayRtt | null =>
  rtt === null
    ? null
    : {
        min: milliseconds(rtt.min),
        p50: milliseconds(rtt.p50),
        p95: milliseconds(rtt.p95),
        p99: milliseconds(rtt.p99),
        max: milliseconds(rtt.max),
      };

export const placeOf = ({ path, position, address, size }: SprayTarget): Pick<SprayedCell, 'part' | 'position' | 'address' | 'size'> => ({
  part: path + 1,
  position,
  address,
  size,
});

/** So many flows have a line of their own; of more, those that stand out. */
const MOST_FLOWS = 10_000;
/** Of a million that are odd only the worst are kept meanwhile. */
const MOST_KEPT = 40_000;

interface Place {
  readonly target: number;
  readonly flow: number;
  readonly missing: number;
}

/** The flows in the order of targets and values, and how many are left out. */
export function flowEvents(
  plan: SprayPlan,
  tally: SprayTally,
  spraying: Spraying,
): { readonly said: readonly Said[]; readonly leftOut: number } {
  const { targets, swept } = plan;
  const flows = swept.values.length;
  if (flows === 1) return { said: [], leftOut: 0 };
  const all = targets.length * flows;
  const oddFirst = (a: Place, b: Place): number => b.missing - a.missing;
  let kept: Place[] = [];
  for (let target = 0; target < targets.length; target += 1) {
    for (let flow = 0; flow < flows; flow += 1) {
      const missing = tally.amiss(target, flow);
      if (all <= MOST_FLOWS || missing !== null) kept.push({ target, flow, missing: missing ?? 0 });
      if (kept.length > MOST_KEPT) kept = kept.sort(oddFirst).slice(0, MOST_FLOWS);
    }
  }
  const told = kept.length <= MOST_FLOWS ? kept : kept.sort(oddFirst).slice(0, MOST_FLOWS);
  told.sort((a, b) => a.target - b.target || a.flow - b.flow);
  const said = told.map(
    ({ target, flow }): Said => ({
      type: 'flow',
      ...placeOf(targets.at(target)),
      field: swept.kind,
      value: swept.values[flow]!,
      ...countsOf(tally.cell(target, flow)),
      rttMs: rttOf(quantiles(spraying.flowHistogram?.(target, flow) ?? [])),
      lossRuns: spraying.flowLossRuns?.(target, flow) ?? null,
    }),
  );
  return { said, leftOut: all - told.length };
}

/** The cells of which most is missing, the worst first. `sent` was sent so long ago that it should be home. */
export function worstCells(plan: SprayPlan, tally: SprayTally, most: number): SprayedCell[] {
  const { targets, swept } = plan;
  const worst: Place[] = [];
  for (let target = 0; target < targets.length; target += 1) {
    for (let flow = 0; flow < swept.values.length; flow += 1) {
      const missing = tally.amiss(target, flow) ?? 0;
      if (missing === 0 || (worst.length === most && missing <= worst.at(-1)!.missing)) continue;
      worst.push({ target, flow, missing });
      worst.sort((a, b) => b.missing - a.missing);
      if (worst.length > most) worst.pop();
    }
  }
  return worst.map(({ target, flow }) => {
    const { sent, received } = tally.cell(target, flow);
    return { ...placeOf(targets.at(target)), value: swept.values[flow]!, sent, received };
  });
}
