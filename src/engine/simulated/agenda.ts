/** What will happen, soonest first; what is due at the same instant comes in the order it was entered. A binary heap. */

export interface Due {
  /** Nanoseconds since the simulation began. */
  readonly atNs: number;
}

export interface Agenda<T extends Due> {
  enter(event: T): void;
  /** When the next event is due; Infinity where there is none. */
  nextNs(): number;
  take(): T | undefined;
}

interface Entry<T> {
  readonly event: T;
  readonly order: number;
}

const before = <T extends Due>(a: Entry<T>, b: Entry<T>): boolean =>
  a.event.atNs < b.event.atNs || (a.event.atNs === b.event.atNs && a.order < b.order);

export function agenda<T extends Due>(): Agenda<T> {
  const heap: Entry<T>[] = [];
  let order = 0;
  return {
    enter(event) {
      order += 1;
      rise(heap, { event, order });
    },
    nextNs: () => heap[0]?.event.atNs ?? Number.POSITIVE_INFINITY,
    take() {
      const first = heap[0];
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) sink(heap, last);
      return first?.event;
    },
  };
}

function rise<T extends Due>(heap: Entry<T>[], entry: Entry<T>): void {
  let at = heap.length;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (!before(entry, heap[above]!)) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = entry;
}

/** Puts an entry where the first one was. */
function sink<T extends Due>(heap: Entry<T>[], entry: Entry<T>): void {
  let at = 0;
  for (let below = 1; below < heap.length; below = 2 * at + 1) {
    if (below + 1 < heap.length && before(heap[below + 1]!, heap[below]!)) below += 1;
    if (!before(heap[below]!, entry)) break;
    heap[at] = heap[below]!;
    at = below;
  }
  heap[at] = entry;
}
