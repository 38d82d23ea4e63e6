/** Probes of a recording that the clock has passed and nobody has sent yet, as where an altered answer changes the order; and their answers. */
import type { Packet } from '../engine.ts';
import { answeredSequence, quotes, sequenceOf, shapeOf } from './shape.ts';
import { packetOf, type SentItem } from './tape.ts';

export interface Late {
  add(item: SentItem): void;
  /** The first of this shape, or null. */
  find(shape: string): SentItem | null;
  /** It is sent now: returns what was kept for it. */
  take(item: SentItem): readonly Packet[];
  /** Keeps a received packet that answers one of them; false where it answers none. */
  holds(packet: Packet): boolean;
  count(): number;
}

interface Waiting {
  readonly item: SentItem;
  readonly shape: string;
  readonly answers: Packet[];
}

export function createLate(): Late {
  const waiting = new Map<SentItem, Waiting>(); // in the order of the recording
  const bySequence = new Map<number, Waiting>();

  const probeOf = (packet: Packet): Waiting | undefined => {
    const sequence = answeredSequence(packet);
    if (sequence !== null) return bySequence.get(sequence);
    return [...waiting.values()].find(({ item }) => quotes(packet, packetOf(item)));
  };

  return {
    add(item) {
      item.isLate = true;
      const one = { item, shape: shapeOf(packetOf(item)), answers: [] };
      waiting.set(item, one);
      const sequence = sequenceOf(item.bytes, item.at);
      if (sequence !== null) bySequence.set(sequence, one);
    },
    find(shape) {
      for (const one of waiting.values()) if (one.shape === shape) return one.item;
      return null;
    },
    take(item) {
      const { answers } = waiting.get(item)!;
      waiting.delete(item);
      const sequence = sequenceOf(item.bytes, item.at);
      if (sequence !== null) bySequence.delete(sequence);
      return answers;
    },
    holds(packet) {
      if (waiting.size === 0) return false;
      const probe = probeOf(packet);
      probe?.answers.push(packet);
      return probe !== undefined;
    },
    count: () => waiting.size,
  };
}
