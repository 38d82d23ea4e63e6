/** A tally as an event: counts, the loss with its interval, and the round trips in a few figures. */
import { errorCount, type Tally } from '../boomerang/tally.ts';
import { wilson } from '../infer/interval.ts';
import type { RttSummary } from '../report/event.ts';
import type { Said } from './session.ts';

export function tallyEvent(tally: Tally, part = 1): Said {
  const { position, address, sent, received, lost, unknown, duplicate, late } = tally;
  const decided = received + lost + errorCount(tally); // what is in flight is neither lost nor received
  const told = received + lost > 0; // errors alone say nothing of loss
  const interval = told ? wilson(lost, decided) : null;
  return {
    type: 'tally',
    part,
    position,
    address,
    state: tally.state,
    layerSource: tally.source,
    legFrom: tally.leg?.from ?? null,
    leg: legOf(tally),
    sent,
    received,
    lost,
    unknown,
    errors: Object.fromEntries(tally.errors),
    duplicate,
    late,
    loss: told ? lost / decided : null,
    lossLow: interval?.low ?? null,
    lossHigh: interval?.high ?? null,
    rttMs: received === 0 || tally.rtts === null ? null : summary(tally.rtts),
  };
}

/** What came home in the sweep has gone by exact legs, so where only the survey's own probes were lost it confirms the leg. */
function legOf({ leg, received }: Tally): 'link' | 'routers' | null {
  if (leg === null) return null;
  return leg.is === 'link' || (leg.is === 'silent' && received > 0) ? 'link' : 'routers';
}

const summary = (rtts: NonNullable<Tally['rtts']>): RttSummary => ({
  min: rtts.minNonZeroValue / 1000,
  p50: rtts.getValueAtPercentile(50) / 1000,
  p95: rtts.getValueAtPercentile(95) / 1000,
  max: rtts.maxValue / 1000,
});
