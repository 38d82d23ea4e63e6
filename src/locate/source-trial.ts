/** Probes of two kinds, sent in turns: whether the one passes where the other never does. */
import { shuffle } from '../boomerang/order.ts';
import type { Random } from '../engine/simulated/random.ts';
import { fisherMore } from '../infer/fisher.ts';
import type { Asking } from '../probe/ask.ts';
import { isOutcome } from '../probe/observation.ts';
import type { Question } from '../probe/question.ts';
import type { Astray } from './astray.ts';

/** How the probes are sent. */
export interface Checking {
  readonly asking: Asking;
  readonly gapNs: number;
  readonly timeoutNs: number;
  readonly chance: Random;
}

/** A probe that would pass a filter which the walk's own probes die of, and that dies with them where the link is dead. */
export interface Witness {
  readonly question: Question;
  /** Why the walk's counts say nothing of the link, should it come home. */
  readonly astray: Astray;
}

/** Each witness is asked so often, and one that passes again, in turns with the walk's own probe. */
const TRIES = 3;
const AGAIN = 20;
/** That chance alone would have it so. */
const CHANCE = 1e-3;

/**
 * The first witness that comes home where `own`, in turns with it, never does. Null: none. Where the run ended before all were asked, that
 * is said.
 */
export async function firstToPass(
  checking: Checking,
  own: Question,
  witnesses: readonly Witness[],
): Promise<Witness | null | 'interrupted'> {
  const tried = await homeOf(checking, questionsOf(witnesses), TRIES);
  if (tried === null) return 'interrupted';
  for (const witness of witnesses) {
    if (!tried.has(witness.question)) continue;
    const again = await homeOf(checking, [witness.question, own], AGAIN);
    if (again === null) return 'interrupted';
    const theirs = { successes: again.get(witness.question) ?? 0, trials: AGAIN };
    if (!again.has(own) && fisherMore({ successes: 0, trials: AGAIN }, theirs) < CHANCE) return witness;
  }
  return null;
}

const questionsOf = (witnesses: readonly Witness[]): Question[] => witnesses.map(({ question }) => question);

/** How many probes of each question came home, those of which none did left out; null where the run ended before all were asked. */
async function homeOf(
  { asking, gapNs, timeoutNs, chance }: Checking,
  asked: readonly Question[],
  times: number,
): Promise<Map<Question, number> | null> {
  const questions = asked.flatMap((question) => Array<Question>(times).fill(question));
  shuffle(questions, chance);
  const home = new Map<Question, number>();
  let decided = 0;
  for await (const seen of asking.ask(questions, { everyNs: () => gapNs, timeoutNs: () => timeoutNs, settle: 'deadline' })) {
    if (!isOutcome(seen) || seen.kind === 'unknown') continue;
    const { question } = seen.probe;
    decided += 1;
    if (seen.kind === 'landed') home.set(question, (home.get(question) ?? 0) + 1);
  }
  return decided < questions.length ? null : home;
}
