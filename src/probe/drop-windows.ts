/** Packets that our own receiver lost, by when: a probe missing over such a window is unknown, as many as were dropped. */

export interface DropWindows {
  /** Reads a counter that only grows. */
  look(dropped: number, nowNs: number): void;
  /** True, once for each dropped packet, where one of the drops may have been the answer awaited in this span. */
  excuses(fromNs: number, toNs: number): boolean;
  /** The same of many that were awaited in one span: how many of them. */
  excused(count: number, fromNs: number, toNs: number): number;
}

export function createDropWindows(dropped: number, nowNs: number): DropWindows {
  const windows: { fromNs: number; toNs: number; left: number }[] = [];
  let lookedNs = nowNs;
  function excused(count: number, fromNs: number, toNs: number): number {
    let left = count;
    for (const window of windows) {
      if (left === 0) break;
      if (window.fromNs > toNs || window.toNs < fromNs) continue;
      const taken = Math.min(left, window.left);
      window.left -= taken;
      left -= taken;
    }
    return count - left;
  }

  return {
    look(total, atNs) {
      if (total > dropped) windows.push({ fromNs: lookedNs, toNs: atNs, left: total - dropped });
      dropped = Math.max(dropped, total);
      lookedNs = atNs;
    },
    excuses: (fromNs, toNs) => excused(1, fromNs, toNs) === 1,
    excused,
  };
}
