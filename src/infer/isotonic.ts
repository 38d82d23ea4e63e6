/** Survival over a sweep's hops, which can only fall, and each link's round-trip loss with its interval. */
import { betaQuantile } from './beta.ts';
import { type Counted, counted, lossOf, MOST_BURDEN } from './counted.ts';
import type { Interval } from './interval.ts';
import { fit } from './likelihood.ts';
import { normalQuantile } from './normal.ts';
import { lowerEnd, upperEnd } from './profile.ts';
import type { WalkCounts } from './walk.ts';

/**
 * Survival to each hop and back that is most likely under S1 ≥ S2 ≥ …: weighted pool adjacent violators (R. E. Barlow et al., "Statistical
 * Inference under Order Restrictions", 1972, section 1.2). Null for a hop without probes. Throws RangeError for counts that are no counts.
 */
export function isotonicSurvival(hops: readonly WalkCounts[]): (number | null)[] {
  const blocks: { sent: number; received: number; hops: number[] }[] = [];
  for (const [hop, { sent, lost }] of hops.entries()) {
    checkCounts(sent, lost);
    if (sent === 0) continue;
    let block = { sent, received: sent - lost, hops: [hop] };
    for (let last = blocks.at(-1); last !== undefined && rises(last, block); last = blocks.at(-1)) {
      blocks.pop();
      block = { sent: last.sent + block.sent, received: last.received + block.received, hops: [...last.hops, ...block.hops] };
    }
    blocks.push(block);
  }
  const survival = hops.map((): number | null => null);
  for (const block of blocks) for (const hop of block.hops) survival[hop] = block.received / block.sent;
  return survival;
}

const rises = (before: { sent: number; received: number }, after: { sent: number; received: number }): boolean =>
  after.received * before.sent > before.received * after.sent;

/** Round-trip loss of a link, 0–1, with its interval. */
export interface LinkLoss extends Interval {
  readonly loss: number;
}

/**
 * Round-trip loss of the link before each hop, 1 − S_i/S_(i−1). The interval is by profile likelihood under the order; where no probe over
 * the link was lost, 0 to the upper end of Beta(½, n + ½), H. Jeffreys' for n probes without a loss. Of hops without probes the next that
 * has some tells the links of both. Null behind hops that nothing came back from, and past the last probes.
 */
export function linkLosses(hops: readonly WalkCounts[], confidence = 0.95): (LinkLoss | null)[] {
  const survival = isotonicSurvival(hops);
  const asked = hops.flatMap(({ sent }, hop) => (sent > 0 ? [hop] : []));
  const walks = asked.map((_, place) => ({ crossings: asked.slice(0, place + 1).map((__, link) => link) }));
  const data = counted(
    walks,
    asked.map((hop) => hops[hop]!),
    asked.length,
  );
  return hops.map((_, hop) => {
    const link = asked.findIndex((other) => other >= hop);
    if (link < 0 || (link > 0 && survival[asked[link - 1]!] === 0)) return null;
    const before = link === 0 ? 1 : survival[asked[link - 1]!]!;
    return { loss: 1 - survival[asked[link]!]! / before, ...intervalOf(data, link, confidence) };
  });
}

function intervalOf(data: Counted, link: number, confidence: number): Interval {
  const beyond = [...data.lost.keys()].slice(link);
  if (beyond.every((walk) => data.lost[walk] === 0)) {
    const probes = beyond.reduce((sum, walk) => sum + data.received[walk]!, 0);
    return { low: 0, high: betaQuantile(0.5 + confidence / 2, 0.5, probes + 0.5) };
  }
  const limit = normalQuantile(0.5 + confidence / 2) ** 2;
  const size = data.columns.length;
  const bounds = { low: new Float64Array(size), high: new Float64Array(size).fill(MOST_BURDEN) };
  const best = fit(data, bounds, new Float64Array(size).fill(0.01));
  return { low: lossOf(lowerEnd(data, bounds, link, best, limit)), high: lossOf(upperEnd(data, bounds, link, best, limit)) };
}

function checkCounts(sent: number, lost: number): void {
  if (!(Number.isSafeInteger(sent) && Number.isSafeInteger(lost) && lost >= 0 && lost <= sent)) {
    throw new RangeError(`Losses are a count up to those sent, got ${lost} of ${sent}`);
  }
}
