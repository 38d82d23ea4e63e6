/** The probes of a run by sequence: columns of numbers, 13 bytes a probe, since a million may be outstanding. */
import type { Question } from './question.ts';

export const STATE = { none: 0, outstanding: 1, landed: 2, answered: 3, lost: 4, unknown: 5, abandoned: 6 } as const;
export type State = (typeof STATE)[keyof typeof STATE];

export interface Pending {
  /** Sequences run from 0 to here; some are never used. */
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

export function createPending(): Pending {
  let sent = new Float64Array(FIRST_CAPACITY);
  let states = new Uint8Array(FIRST_CAPACITY);
  let asked = new Uint32Array(FIRST_CAPACITY);
  const questions: Question[] = [];
  const indexOf = new Map<Question, number>();
  let end = 0;
  let first = 0;
  let count = 0;

  function grow(least: number): void {
    const capacity = 2 ** Math.ceil(Math.log2(least));
    const larger = <T extends Float64Array | Uint8Array | Uint32Array>(column: T, wider: T): T => {
      wider.set(column);
      return wider;
    };
    sent = larger(sent, new Float64Array(capacity));
    states = larger(states, new Uint8Array(capacity));
    asked = larger(asked, new Uint32Array(capacity));
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
      if (sequence >= sent.length) grow(sequence + 1);
      sent[sequence] = sentNs;
      states[sequence] = STATE.outstanding;
      asked[sequence] = indexFor(question);
      end = Math.max(end, sequence + 1);
      first = Math.min(first, sequence); // a replay may ask in another order
      count += 1;
    },
    question: (sequence) => (sequence < end && states[sequence] !== STATE.none ? questions[asked[sequence]!] : undefined),
    sentNs: (sequence) => sent[sequence]!,
    state: (sequence) => (sequence < end ? (states[sequence]! as State) : STATE.none),
    settle(sequence, state) {
      if (states[sequence] === STATE.outstanding) count -= 1;
      states[sequence] = state;
    },
    outstanding: () => count,
    oldest() {
      while (first < end && states[first] !== STATE.outstanding) first += 1;
      return first < end ? first : -1;
    },
  };
}
