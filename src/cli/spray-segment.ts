/** `--segment I`: the flows that lose between hop I and the next, and how to ask them again. */
import { failingFlows, type SegmentFlow } from '../boomerang/segment.ts';
import type { SprayPlan } from '../boomerang/spray-plan.ts';
import type { SprayTally } from '../boomerang/spray-tally.ts';
import type { Said } from './session.ts';

/** Fields that only the headers of the segment carry. */
const OF_ONE_SEGMENT: ReadonlySet<string> = new Set(['flow-label', 'source', 'outer']);

export const isFrozen = ({ swept }: SprayPlan): boolean => OF_ONE_SEGMENT.has(swept.kind);

export function segmentEvent(plan: SprayPlan, tally: SprayTally, segment: number): Said {
  const { swept, targets } = plan;
  const at = (position: number): number => [...targets].findIndex((target) => target.position === position);
  const [near, far] = [at(segment), at(segment + 1)];
  const counts = (target: number, flow: number): SegmentFlow['far'] => {
    const { sent, lost, unknown } = tally.cell(target, flow); // there may be a million: no more of each is kept
    return { sent, lost, unknown };
  };
  const flows = swept.values.map((_, flow): SegmentFlow => ({ near: near < 0 ? null : counts(near, flow), far: counts(far, flow) }));
  const failing = failingFlows(flows).map(({ flow, chance }) => {
    const { sent, lost } = flows[flow]!.far;
    return { value: swept.values[flow]!, sent, lost, chance };
  });
  return {
    type: 'segment',
    part: 1,
    position: segment,
    from: near < 0 ? plan.paths.at(0).path.us : targets.at(near).address,
    to: targets.at(far).address,
    field: swept.kind,
    flows: flows.length,
    frozen: isFrozen(plan),
    failing,
    again:
      failing.length === 0 ? null : `--segment ${segment} --sweep ${swept.kind} --values ${failing.map(({ value }) => value).join(',')}`,
  };
}
