/** What a spray counted, as events. */
import type { SprayPlan, SprayTarget } from '../boomerang/spray-plan.ts';
import type { SprayCount, SprayTally } from '../boomerang/spray-tally.ts';
import type { Quantiles, SprayState } from '../boomerang/spraying.ts';
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

/** The flows in the order of targets and values, and how many are left out. */
export function flowEvents(plan: SprayPlan, tally: SprayTally): { readonly said: readonly Said[]; readonly leftOut: number } {
  const { targets, swept } = plan;
  const flows = swept.values.length;
  if (flows === 1) return { said: [], leftOut: 0 };
  const all = targets.length * flows;
  const kept: { target: number; flow: number; count: SprayCount }[] = [];
  for (const target of targets.keys()) {
    for (let flow = 0; flow < flows; flow += 1) {
      const count = tally.cell(target, flow);
      if (all <= MOST_FLOWS || isOdd(count)) kept.push({ target, flow, count });
    }
  }
  const told = kept.length <= MOST_FLOWS ? kept : kept.sort((a, b) => missingShare(b.count) - missingShare(a.count)).slice(0, MOST_FLOWS);
  told.sort((a, b) => a.target - b.target || a.flow - b.flow);
  const said = told.map(
    ({ target, flow, count }): Said => ({
      type: 'flow',
      ...placeOf(targets[target]!),
      field: swept.kind,
      value: swept.values[flow]!,
      ...countsOf(count),
    }),
  );
  return { said, leftOut: all - told.length };
}

const isOdd = ({ sent, received, duplicates, reordered, corrupted }: SprayCount): boolean =>
  received < sent || duplicates + reordered + corrupted > 0;

const missingShare = ({ sent, received }: SprayCount): number => (sent === 0 ? 0 : (sent - received) / sent);

/** The cells of which most is missing, the worst first. `sent` was sent so long ago that it should be home. */
export function worstCells(plan: SprayPlan, tally: SprayTally, most: number): SprayedCell[] {
  const { targets, swept } = plan;
  const worst: { place: readonly [target: number, flow: number]; count: SprayCount }[] = [];
  for (const target of targets.keys()) {
    for (let flow = 0; flow < swept.values.length; flow += 1) {
      const count = tally.cell(target, flow);
      if (count.received >= count.sent || (worst.length === most && missingShare(count) <= missingShare(worst.at(-1)!.count))) continue;
      worst.push({ place: [target, flow], count });
      worst.sort((a, b) => missingShare(b.count) - missingShare(a.count));
      if (worst.length > most) worst.pop();
    }
  }
  return worst.map(({ place: [target, flow], count: { sent, received } }) => ({
    ...placeOf(targets[target]!),
    value: swept.values[flow]!,
    sent,
    received,
  }));
}
