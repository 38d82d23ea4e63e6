/** A run with a few probes outstanding, and what `match` says about a packet while they are. */
import { craft } from '../../src/probe/craft.ts';
import type { Itinerary } from '../../src/probe/itinerary.ts';
import { match, type Sighting } from '../../src/probe/match.ts';
import { createPending, type Pending } from '../../src/probe/pending.ts';
import type { Question } from '../../src/probe/question.ts';
import { isSendable, type Run } from '../../src/probe/run.ts';
import { A4, A6, itinerary, R4, R6, raw, runFrom } from './plans.ts';

export const RUN: Run = runFrom(9);
export const SEQUENCE = 4;

export function pendingOf(question: Question, count = 8): Pending {
  const pending = createPending();
  for (let sequence = 0; sequence < count; sequence += 1) if (isSendable(RUN, sequence)) pending.add(sequence, question, 0);
  return pending;
}

export const probeOf = (question: Question, sequence: number = SEQUENCE, run: Run = RUN): Uint8Array =>
  craft(question.template, run, question.path, sequence, 1n);

export const seen = (bytes: Uint8Array, pending: Pending): Sighting => match(raw(bytes), RUN, pending);

export const BOOMERANGS: readonly Itinerary[] = [
  itinerary([R4[0], R4[1], R4[0], A4]),
  itinerary([R6[0], R6[1], R6[0], A6]),
  itinerary([R4[0], R6[1], A4]),
  itinerary([R6[0], R4[1], A6], { transport: 'icmp' }),
];
