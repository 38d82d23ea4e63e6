/** Intervals after a test that stopped for what it saw: their coverage and length, over the exact distribution of where it stops. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { likelihoodInterval, stoppedInterval } from '../../src/infer/stopped-interval.ts';
import { chanceOf, drawn } from './random.ts';

interface Stop {
  readonly lost: number;
  readonly sent: number;
  readonly chance: number;
}

interface Rule {
  readonly acceptable: number;
  readonly unacceptable: number;
  readonly error: number;
  readonly round: number;
}

const MOST_SENT = 20_000;

const evidence = ({ acceptable: p, unacceptable: q }: Rule, lost: number, sent: number): number =>
  lost * Math.log(q / p) + (sent - lost) * Math.log((1 - q) / (1 - p));

/** Where Wald's test of one link stops, and how likely each is: round by round, the chance of every count of losses. */
function stops(rule: Rule, loss: number): Stop[] {
  const end = Math.log((1 - rule.error) / rule.error);
  const draws = binomial(rule.round, loss);
  const found: Stop[] = [];
  let open = new Map([[0, 1]]);
  for (let sent = rule.round; open.size > 0; sent += rule.round) {
    const next = new Map<number, number>();
    for (const [lost, chance] of open) {
      for (const [more, share] of draws.entries())
        if (share * chance > 1e-12) next.set(lost + more, (next.get(lost + more) ?? 0) + share * chance);
    }
    open = new Map();
    for (const [lost, chance] of next) {
      if (Math.abs(evidence(rule, lost, sent)) >= end || sent >= MOST_SENT) found.push({ lost, sent, chance });
      else open.set(lost, chance);
    }
  }
  return found;
}

/** The chance of each number of losses, by multiplying out. */
function binomial(count: number, loss: number): number[] {
  let chances = [1];
  for (let k = 0; k < count; k += 1) {
    chances = [...chances, 0].map((chance, lost) => chance * (1 - loss) + (chances[lost - 1] ?? 0) * loss);
  }
  return chances;
}

const RULES: readonly Rule[] = [
  { acceptable: 1e-4, unacceptable: 1e-2, error: 1e-3, round: 1 },
  { acceptable: 1e-4, unacceptable: 1e-2, error: 1e-3, round: 50 },
  { acceptable: 1e-4, unacceptable: 1e-2, error: 1e-2, round: 10 },
  { acceptable: 1e-3, unacceptable: 1e-2, error: 1e-3, round: 20 },
  { acceptable: 1e-3, unacceptable: 3e-2, error: 1e-3, round: 10 },
];
const LOSSES = [0, 1e-5, 1e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 7e-3, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1];

for (const rule of RULES) {
  const { acceptable, unacceptable, error, round } = rule;
  test(`nominal 95 % covers 94 % or more, ${acceptable} against ${unacceptable} at ${error} in rounds of ${round}, whatever the loss`, () => {
    for (const loss of LOSSES) {
      const covered = stops(rule, loss).reduce((sum, { lost, sent, chance }) => {
        const { low, high } = stoppedInterval(lost, sent)!;
        return low <= loss && loss <= high ? sum + chance : sum;
      }, 0);
      assert.ok(covered >= 0.94, `${loss} is covered ${covered}`);
    }
  });

  test(`from 1 % on it is at most 1.3 times as long as for as many probes settled before, ${acceptable} against ${unacceptable} at ${error} in rounds of ${round}`, () => {
    for (const loss of LOSSES.filter((each) => each >= 0.01)) {
      const [long, settled] = stops(rule, loss).reduce(
        ([one, other], { lost, sent, chance }) => {
          const length = ({ low, high }: { low: number; high: number }): number => chance * (high - low);
          return [one + length(stoppedInterval(lost, sent)!), other + length(likelihoodInterval(lost, sent, 3.841459))];
        },
        [0, 0] as [number, number],
      );
      assert.ok(long <= 1.3 * settled, `${loss}: ${long / settled}`);
    }
  });
}

test('so it does in 2,000 drawn runs of each of six losses', () => {
  const rule = RULES[0]!;
  const end = Math.log((1 - rule.error) / rule.error);
  const chance = chanceOf(17);
  for (const loss of [1e-4, 1e-3, 5e-3, 0.01, 0.03, 0.1]) {
    let covered = 0;
    for (let run = 0; run < 2000; run += 1) {
      let [lost, sent] = [0, 0];
      while (sent < MOST_SENT && Math.abs(evidence(rule, lost, sent)) < end) [lost, sent] = [lost + drawn(chance, 1, loss), sent + 1];
      const { low, high } = stoppedInterval(lost, sent)!;
      if (low <= loss && loss <= high) covered += 1;
    }
    assert.ok(covered >= 1880, `${loss} is covered ${covered} times`);
  }
});

test('an interval for a fixed number of probes would not do: it covers 0.3 % less than 85 % of the time', () => {
  const covered = stops(RULES[0]!, 0.003).reduce((sum, { lost, sent, chance }) => {
    const { low, high } = likelihoodInterval(lost, sent, 3.841459);
    return low <= 0.003 && 0.003 <= high ? sum + chance : sum;
  }, 0);
  assert.ok(covered < 0.85, `${covered}`);
});

test('without probes nothing is known, and counts that are none are bad calls', () => {
  assert.is(stoppedInterval(0, 0), null);
  assert.throws(() => stoppedInterval(3, 2), /got 3 of 2/);
  assert.throws(() => stoppedInterval(0, 2, 95), /got 95/);
});

test.run();
