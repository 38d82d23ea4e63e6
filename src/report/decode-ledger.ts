/** The probes that a recording has shown so far, in columns of fixed size: the memory of a decoder does not grow with its file. */
import { uint32 } from '../wire/fields.ts';

export const FATE = { none: 0, outstanding: 1, landed: 2, answered: 3 } as const;
export type Fate = (typeof FATE)[keyof typeof FATE];

export interface Ledger {
  /** The place of the probe, or -1. */
  find(run: number, sequence: number): number;
  /** Remembers a probe; `tagAt` is where its tag stands. The place that it takes may have been another's, long ago. */
  add(run: number, sequence: number, sentNs: number, shape: number, bytes: Uint8Array, tagAt: number): number;
  sentNs(place: number): number;
  shape(place: number): number;
  fate(place: number): Fate;
  settle(place: number, fate: Fate): void;
  hasTag(place: number, bytes: Uint8Array, tagAt: number): boolean;
}

/** A million probes: ten seconds at the highest rate. 37 MB. */
const CAPACITY = 1 << 20;

export function createLedger(capacity: number = CAPACITY): Ledger {
  const mask = capacity - 1;
  const runs = new Uint32Array(capacity);
  const sequences = new Uint32Array(capacity);
  const sent = new Float64Array(capacity);
  const shapes = new Float64Array(capacity);
  const fates = new Uint8Array(capacity);
  const tags = new Uint32Array(2 * capacity);
  /** Sequences are dense: those of one run take one place after the other. */
  const placeOf = (run: number, sequence: number): number => (sequence + Math.imul(run, 0x9e3779b1)) & mask;
  return {
    find(run, sequence) {
      const place = placeOf(run, sequence);
      return fates[place] !== FATE.none && runs[place] === run && sequences[place] === sequence ? place : -1;
    },
    add(run, sequence, sentNs, shape, bytes, tagAt) {
      const place = placeOf(run, sequence);
      runs[place] = run;
      sequences[place] = sequence;
      sent[place] = sentNs;
      shapes[place] = shape;
      fates[place] = FATE.outstanding;
      tags[2 * place] = uint32(bytes, tagAt);
      tags[2 * place + 1] = uint32(bytes, tagAt + 4);
      return place;
    },
    sentNs: (place) => sent[place]!,
    shape: (place) => shapes[place]!,
    fate: (place) => fates[place]! as Fate,
    settle(place, fate) {
      fates[place] = fate;
    },
    hasTag: (place, bytes, tagAt) => tags[2 * place] === uint32(bytes, tagAt) && tags[2 * place + 1] === uint32(bytes, tagAt + 4),
  };
}
