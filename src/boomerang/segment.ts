/** Which flows lose between two hops and nowhere else: a bad member of a LAG, or a bad next hop among equal ones. */
import { discoveries } from '../infer/false-discovery.ts';
import { fisherMore } from '../infer/fisher.ts';
import type { SprayCount } from './spray-tally.ts';

/** One flow's counts at the near end of a segment (null: that is us, who lose nothing on no way) and at the far end. */
export interface SegmentFlow {
  readonly near: Pick<SprayCount, 'sent' | 'lost' | 'unknown'> | null;
  readonly far: Pick<SprayCount, 'sent' | 'lost' | 'unknown'>;
}

export interface SegmentFinding {
  /** Index of the flow. */
  readonly flow: number;
  /** How likely it stands out so far by chance. */
  readonly chance: number;
}

/** Of all flows that are called failing, so many may be none on average. */
export const FALSE_DISCOVERIES = 0.01;

/**
 * A flow fails where it loses clearly more at the far end than at the near one, and than the other flows do at the far end: both by
 * Fisher's exact test, and the larger of the two chances counts. A loss that all flows share is the segment's, not a flow's.
 */
export function failingFlows(flows: readonly SegmentFlow[]): SegmentFinding[] {
  const all = flows.reduce((sum, { far }) => ({ successes: sum.successes + far.lost, trials: sum.trials + decided(far) }), {
    successes: 0,
    trials: 0,
  });
  const chances = flows.map(({ near, far }) => {
    const own = { successes: far.lost, trials: decided(far) };
    const others = { successes: all.successes - own.successes, trials: all.trials - own.trials };
    const among = others.trials === 0 ? 1 : fisherMore(others, own);
    return near === null ? among : Math.max(among, fisherMore({ successes: near.lost, trials: decided(near) }, own));
  });
  return discoveries(chances, FALSE_DISCOVERIES).map((flow) => ({ flow, chance: chances[flow]! }));
}

const decided = ({ sent, unknown }: Pick<SprayCount, 'sent' | 'unknown'>): number => sent - unknown;
