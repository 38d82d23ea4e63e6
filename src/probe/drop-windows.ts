/** Packets that our own receiver lost, by when: a probe missing over such a window is unknown, as many as were dropped. */

export interface DropWindows {
  /** Reads a counter that only grows. */
  look(dropped: number, nowNs: number): void;
  /** True, once for each dropped packet, where one of the drops may have been the answer awaited in this span. */
  excuses(fromNs: number, toNs: number): boolean;
}

export function createDropWindows(dropped: number, nowNs: number): DropWindows {
  const windows: { fromNs: number; toNs: number; left: number }[] = [];
  let lookedNs = nowNs;
  return {
    look(total, atNs) {
      if (total > dropped) windows.push({ fromNs: lookedNs, toNs: atNs, left: total - dropped });
      dropped = Math.max(dropped, total);
      lookedNs = atNs;
    },
    excuses(fromNs, toNs) {
      const window = windows.find((one) => one.left > 0 && one.fromNs <= toNs && one.toNs >= fromNs);
      if (window === undefined) return false;
      window.left -= 1;
      return true;
    },
  };
}
