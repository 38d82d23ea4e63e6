/** Seeded damage: bytes overwritten, pieces cut out, doubled or moved, ends cut off, lengths made absurd. */

export type Random = () => number;

/** mulberry32: the same numbers for the same seed, everywhere. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const below = (random: Random, end: number): number => Math.floor(random() * end);

const ODD: readonly number[] = [0, 1, 4, 0x45, 0x60, 0x7f, 0x80, 0xff];

const BENDS: readonly ((bytes: Uint8Array, random: Random) => Uint8Array)[] = [
  (bytes, random) => overwritten(bytes, random, () => below(random, 256)),
  (bytes, random) => overwritten(bytes, random, () => ODD[below(random, ODD.length)]!),
  (bytes, random) => {
    const at = 4 * below(random, Math.ceil(bytes.length / 4));
    return patched(bytes, at, [0xffffffff, 0, 0xfffffffc, 0x01000000, 13][below(random, 5)]!);
  },
  (bytes, random) => bytes.slice(0, below(random, bytes.length + 1)),
  (bytes, random) => spliced(bytes, below(random, bytes.length), below(random, 200), new Uint8Array(0)),
  (bytes, random) => {
    const [from, to] = [below(random, bytes.length), below(random, bytes.length)];
    return spliced(bytes, to, 0, bytes.subarray(from, from + below(random, 400)));
  },
];

export function bend(bytes: Uint8Array, random: Random): Uint8Array {
  let bent = bytes;
  for (let count = below(random, 6); count >= 0 && bent.length > 0; count -= 1) bent = BENDS[below(random, BENDS.length)]!(bent, random);
  return bent;
}

function overwritten(bytes: Uint8Array, random: Random, value: () => number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let count = 1 + below(random, 8); count > 0; count -= 1) copy[below(random, copy.length)] = value();
  return copy;
}

function patched(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  if (at + 4 <= copy.length) new DataView(copy.buffer).setUint32(at, value, true);
  return copy;
}

function spliced(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  const tail = bytes.subarray(Math.min(bytes.length, at + removed));
  const all = new Uint8Array(at + added.length + tail.length);
  all.set(bytes.subarray(0, at));
  all.set(added, at);
  all.set(tail, at + added.length);
  return all;
}
