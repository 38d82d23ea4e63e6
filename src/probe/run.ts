/** What makes the probes of one run its own: a random number, the key of its tags, and the key that scatters its IP IDs. */
import { randomBytes } from 'node:crypto';
import { uint32 } from '../wire/fields.ts';
import { type SipKey, sipKey } from '../wire/siphash.ts';

export interface Run {
  /** Random 32 bit; in every payload. */
  readonly number: number;
  readonly key: SipKey;
  /** XORed with a probe's sequence to make the two halves that the IP IDs carry. */
  readonly idKey: number;
  /** Its key is not known, as where it is rebuilt from a capture: what looks like an answer of it is taken for one, and never proven. */
  readonly isUnproven?: true;
}

/** `random` gives that many bytes; a simulated run passes a seeded one so that it can be repeated. */
export function newRun(random: (length: number) => Uint8Array = randomBytes): Run {
  const bytes = random(24);
  const key = bytes.subarray(4, 20);
  const run = { number: uint32(bytes, 0), key: sipKey(key), idKey: uint32(bytes, 20) };
  return key.every((byte) => byte === 0) ? { ...run, isUnproven: true } : run; // nobody draws sixteen zeros
}

/** The two 16-bit halves of sequence XOR idKey, low first: layer by layer they alternate in the IPv4 IDs. */
export const scatteredHalves = (run: Run, sequence: number): readonly [low: number, high: number] => {
  const scattered = (sequence ^ run.idKey) >>> 0;
  return [scattered & 0xffff, scattered >>> 16];
};

/** The sequence that these halves stand for. */
export const gathered = (run: Run, low: number, high: number): number => (((high << 16) | low) ^ run.idKey) >>> 0;

/** A half of 0 is never sent: raw sockets overwrite an ID of 0, and a UDP checksum of 0 means none. */
export function isSendable(run: Run, sequence: number): boolean {
  const [low, high] = scatteredHalves(run, sequence);
  return low !== 0 && high !== 0;
}
