/**
 * The probes of a run by sequence: columns of numbers, 13 bytes a probe, since a million may be outstanding. What is settled is
 * remembered for the last two million, so that a run of any length stays small; an older one was never asked.
 */
import type { Question } from './question.ts';

export const STATE = { none: 0, outstanding: 1, landed: 2, answered: 3, lost: 4, unknown: 5, abandoned: 6 } as const;
export type State = (typeof STATE)[keyof typeof STATE];

export interface Pending {
  /** Sequences run up to here; some are never used. */
  readonly next: () => number;
  add(sequence: number, question: Question, sentNs: number): void;
  question(sequence: number): Question | undefined;
  /** Nanoseconds since the run began. */
  sentNs(sequence: number): number;
  state(sequence: number): State;
  settle(sequence: number, state: State): void;
  /** How many are outstanding. */
  outstanding(): number;
  /** The outstanding probe that was sent first, or -1. */
  oldest(): number;
}

const FIRST_CAPACITY = 1024;
const REMEMBERED = 2 ** 21;

export function createPending(): Pending {
  let capacity = FIRST_CAPACITY; // a power of two: a sequence stands at its rest by it
  let sent = new Float64Array(capacity);
  let states = new Uint8Array(capacity);
  let asked = new Uint32Array(capacity);
  const questions: Question[] = [];
  const indexOf = new Map<Question, number>();
  let end = 0;
  let first = 0;
  let count = 0;

  const placeOf = (sequence: number): number => sequence & (capacity - 1);
  const isKnown = (sequence: number): boolean => sequence < end && sequence >= end - capacity && sequence >= 0;

  /** Takes the room of the oldest, unless they are too young to be forgotten or one of them is outstanding. */
  function makeRoom(sequence: number): void {
    const most = Math.max(end, sequence + 1);
    const least = Math.min(count > 0 ? oldest() : most, sequence, Math.max(0, most - REMEMBERED));
    if (most - least > capacity) grow(2 ** Math.ceil(Math.log2(most - least)));
    for (let skipped = Math.max(end, sequence - capacity); skipped < sequence; skipped += 1) states[placeOf(skipped)] = STATE.none;
  }

  function grow(wider: number): void {
    const former = { capacity, sent, states, asked };
    capacity = wider;
    sent = new Float64Array(capacity);
    states = new Uint8Array(capacity);
    asked = new Uint32Array(capacity);
    for (let sequence = Math.max(0, end - former.capacity); sequence < end; sequence += 1) {
      const [from, to] = [sequence & (former.capacity - 1), placeOf(sequence)];
      sent[to] = former.sent[from]!;
      states[to] = former.states[from]!;
      asked[to] = former.asked[from]!;
    }
  }

  function oldest(): number {
    while (first < end && states[placeOf(first)] !== STATE.outstanding) first += 1;
    return first < end ? first : -1;
  }

  function indexFor(question: Question): number {
    const known = indexOf.get(question);
    if (known !== undefined) return known;
    indexOf.set(question, questions.length);
    return questions.push(question) - 1;
  }

  return {
    next: () => end,
    add(sequence, question, sentNs) {
      makeRoom(sequence);
      const place = placeOf(sequence);
      sent[place] = sentNs;
      states[place] = STATE.outstanding;
      asked[place] = indexFor(question);
      end = Math.max(end, sequence + 1);
      first = Math.min(first, sequence); // a replay may ask in another order
      count += 1;
    },
    question: (sequence) =>
      isKnown(sequence) && states[placeOf(sequence)] !== STATE.none ? questions[asked[placeOf(sequence)]!] : undefined,
    sentNs: (sequence) => sent[placeOf(sequence)]!,
    state: (sequence) => (isKnown(sequence) ? (states[placeOf(sequence)]! as State) : STATE.none),
    settle(sequence, state) {
      if (states[placeOf(sequence)] === STATE.outstanding) count -= 1;
      states[placeOf(sequence)] = state;
    },
    outstanding: () => count,
    oldest,
  };
}
