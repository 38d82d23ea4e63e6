/** How well a rate is kept, by what arrives: the error over the whole run, and the gap that 1 % of the packets exceed. */
import type { SenderName } from '../src/engine/spray.ts';
import { attach, forgetGaps, GAP_NS, gaps } from './spray-veth.ts';
import { send } from './spray-ways.ts';

export interface Kept {
  /** Share of the rate. */
  readonly error: number;
  /** Mean gaps. */
  readonly p99: number;
}

export async function kept(sender: SenderName, perSecond: number, seconds: number): Promise<Kept> {
  attach(sender === 'live' ? 'xdp_gaps' : 'tc_gaps');
  forgetGaps();
  await send({ sender, tag: 'full', seconds, perSecond });
  const { packets, seconds: span, counts } = gaps();
  const rate = (packets - 1) / span;
  return { error: Math.abs(rate / perSecond - 1), p99: (quantile(counts, 0.99) * GAP_NS * perSecond) / 1e9 };
}

/** The upper edge of the class that the quantile falls into. */
function quantile(counts: readonly number[], share: number): number {
  let left = share * counts.reduce((sum, count) => sum + count, 0);
  const index = counts.findIndex((count) => {
    left -= count;
    return left <= 0;
  });
  return index + 1;
}
