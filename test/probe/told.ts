/** Questions put to a scripted network, and all that is seen of them. */
import { type AskOptions, openAsk } from '../../src/probe/ask.ts';
import type { Itinerary } from '../../src/probe/itinerary.ts';
import type { Observation, Probe } from '../../src/probe/observation.ts';
import type { Question } from '../../src/probe/question.ts';
import type { Run } from '../../src/probe/run.ts';
import { A4, asked, expired, itinerary, R4, runFrom, unwrapped } from './plans.ts';
import { type Reply, type Script, type Scripted, type Sent, scripted } from './scripted.ts';

export const MS = 1_000_000;
export const TIMEOUT: number = 100 * MS;
export const RUN: Run = { ...runFrom(2), idKey: 0x4000_4000 }; // of the first sequences, none has a half of 0
export const PLAN: Itinerary = itinerary([R4[0], A4]);
export const question: Question = await asked(PLAN);
export const elsewhere: Question = await asked(itinerary([R4[1], A4]), 1);
export const forward: Question = await asked(itinerary([R4[0]]), 2);

export const OPTIONS: AskOptions = { everyNs: () => MS, timeoutNs: () => TIMEOUT, settle: 'deadline' };

export const landing = (sent: Sent, afterNs: number): Reply => ({ bytes: unwrapped(sent.bytes, PLAN, 1), afterNs });
export const error = (sent: Sent, afterNs: number): Reply => ({ bytes: expired(sent.bytes), afterNs });
export const times = (count: number, one: Question = question): Question[] => Array<Question>(count).fill(one);

export interface Told {
  readonly engine: Scripted;
  readonly seen: Observation[];
  readonly held: readonly Observation[];
}

/** All that is seen when these questions are put to this network, but for errors that are held back: those have a test of their own. */
export async function told(script: Script, questions: Iterable<Question | null>, options: Partial<AskOptions> = {}): Promise<Told> {
  const engine = scripted(script);
  const seen: Observation[] = [];
  const held: Observation[] = [];
  for await (const one of openAsk(engine, RUN).ask(questions, { ...OPTIONS, ...options })) {
    if (one.kind === 'held') held.push(one);
    else seen.push(one);
  }
  return { engine, seen, held };
}

export const kinds = ({ seen }: Pick<Told, 'seen'>): string[] => seen.map(({ kind }) => kind);
export const sequencesOf = (seen: readonly { readonly probe: Probe }[]): number[] => seen.map(({ probe }) => probe.sequence);
export const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);
export const rttOf = (one: Observation | undefined): number | null => (one && 'rttNs' in one ? one.rttNs : null);
