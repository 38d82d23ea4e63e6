/** Cuts a stream that comes in chunks of any size into frames. Only a frame that spans two chunks is copied. */
import type { Malformed } from '../wire/decoded.ts';
import { type BesidePacket, type Format, type Window, windowOf } from './format.ts';
import type { CaptureItem, Damage } from './record.ts';
import { emptySlot, type PacketSlot, recordOf } from './slot.ts';

export interface Cutter {
  /** What the stream says up to the end of this chunk. After damage it says nothing more. */
  push(chunk: Uint8Array): Generator<CaptureItem, void>;
  /** The same without an object for each packet; the slot is the same one each time. */
  each(chunk: Uint8Array, packet: (slot: PacketSlot) => void, other: (item: BesidePacket | Damage) => void): void;
  /** What is wrong with a stream that ends here, or null. */
  end(): Damage | null;
  damaged(): boolean;
}

/** So many bytes of a chunk are made into objects at a time, however large it is. */
const SLICE = 1 << 18;

/** `detect` looks at the first `detectLength` bytes or more, and says how to read all. */
export function cutter(detectLength: number, detect: (window: Window, at: number, available: number) => Format | Malformed): Cutter {
  let format: Format | null = null;
  let held = holder(); // the begin of a frame that the chunks before did not finish
  let offset = 0; // of the frame that comes next, in the file
  let broken = false;
  const slot = emptySlot();

  const damage = (reason: string): Damage => {
    broken = true;
    return { kind: 'damage', offset, reason };
  };

  /** How many bytes the frame at `at` needs, as far as the available ones tell. */
  function needed(window: Window, at: number, available: number): number | Malformed {
    if (format === null) {
      if (available < detectLength) return detectLength;
      const found = detect(window, at, available);
      if ('ok' in found) return found;
      format = found;
    }
    return available < format.headLength ? format.headLength : format.frameLength(window, at);
  }

  function each(chunk: Uint8Array, packet: (slot: PacketSlot) => void, other: (item: BesidePacket | Damage) => void): void {
    const arrived = windowOf(chunk);
    let next = 0;
    while (!broken) {
      const holding = held.length > 0;
      const window = holding ? held.window : arrived;
      const at = holding ? 0 : next;
      const available = holding ? held.length : chunk.length - next;
      const need = needed(window, at, available);
      if (typeof need !== 'number') {
        other(damage(need.reason));
      } else if (available >= need) {
        const item = format!.read(window, at, need, slot);
        if (item === 'packet') packet(slot);
        else if (item !== null) other('ok' in item ? damage(item.reason) : item);
        if (holding) held = holder();
        else next += need;
        offset += need;
      } else if (next === chunk.length) {
        return;
      } else {
        const taken = Math.min(need - held.length, chunk.length - next);
        held.add(arrived.bytes.subarray(next, next + taken));
        next += taken;
      }
    }
  }

  function* push(chunk: Uint8Array): Generator<CaptureItem, void> {
    for (let from = 0; from < chunk.length && !broken; from += SLICE) {
      const items: CaptureItem[] = [];
      each(
        chunk.subarray(from, from + SLICE),
        (packet) => items.push({ kind: 'packet', ...recordOf(packet) }),
        (item) => items.push(item),
      );
      yield* items;
    }
  }

  function end(): Damage | null {
    if (broken || (format !== null && held.length === 0)) return null;
    if (held.length === 0) return damage('the file is empty');
    if (format === null) return damage(`${held.length} bytes cannot hold a capture file's header`);
    const whole = held.length < format.headLength ? null : format.frameLength(held.window, 0);
    return damage(`the file ends ${held.length} bytes into a record${typeof whole === 'number' ? ` of ${whole}` : ''}`);
  }

  return { push, each, end, damaged: () => broken };
}

interface Holder {
  readonly window: Window;
  readonly length: number;
  add(bytes: Uint8Array): void;
}

/** Grows with the bytes that came, not with the length that a frame claims. */
function holder(): Holder {
  let window = windowOf(new Uint8Array(0));
  let length = 0;
  return {
    get window(): Window {
      return window;
    },
    get length(): number {
      return length;
    },
    add(bytes: Uint8Array): void {
      if (length + bytes.length > window.bytes.length) {
        const larger = windowOf(new Uint8Array(Math.max(256, 2 * window.bytes.length, length + bytes.length)));
        larger.bytes.set(window.bytes.subarray(0, length));
        window = larger;
      }
      window.bytes.set(bytes, length);
      length += bytes.length;
    },
  };
}
