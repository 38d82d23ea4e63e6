/** A token bucket of packets, full at first, as the kernel's `limit` has it (net/netfilter/nft_limit.c). */
import type { Policer } from '../../topology/fault.ts';

/** Time saved up, spent by packets; null: nothing came yet. */
export interface Policed {
  savedNs: number;
  lastNs: number | null;
}

export const emptyPoliced = (): Policed => ({ savedNs: 0, lastNs: null });

/** Whether a packet fits; it is counted as gone. */
export function fits(policed: Policed, { perSecond, burst }: Policer, nowNs: number): boolean {
  if (perSecond === 0) return false;
  const costNs = Math.floor(1e9 / perSecond);
  const most = costNs * burst;
  policed.savedNs = policed.lastNs === null ? most : Math.min(policed.savedNs + nowNs - policed.lastNs, most);
  policed.lastNs = nowNs;
  const enough = policed.savedNs >= costNs;
  if (enough) policed.savedNs -= costNs;
  return enough;
}
