/** The sequential test: its published costs, its decisions on drawn networks, and what it spends. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { planWalks } from '../../src/infer/circuits.ts';
import { type Decision, decide, nextRound, testCost } from '../../src/infer/sequential.ts';
import type { Walk } from '../../src/infer/walk.ts';
import { AWAY, CHAIN, CYCLE, network } from './networks.ts';
import { chanceOf, counts } from './random.ts';

const TEST = { acceptable: 1e-4, unacceptable: 1e-2 };
const FIXED = 1168;

test('a good and a bad link cost what the literature says, and a fixed size more', () => {
  const rounded = (test: { acceptable: number; unacceptable: number }): number[] => Object.values(testCost(test)).map(Math.round);
  assert.equal(rounded(TEST), [726, 190, 1168]);
  assert.equal(rounded({ acceptable: 1e-4, unacceptable: 1e-3 }), [10_286, 4913, 20_409]);
});

/** Rounds until nothing more is asked for. */
function run(walks: readonly Walk[], losses: readonly number[], chance: () => number): { decisions: Decision[]; spent: number } {
  let known = walks.map(() => ({ sent: 0, lost: 0 }));
  for (;;) {
    const decisions = decide(walks, known, losses.length, TEST);
    const wanted = nextRound(walks, decisions, TEST, 100_000);
    const spent = known.reduce((sum, { sent }) => sum + sent, 0);
    if (wanted.every((count) => count === 0) || spent > 500_000) return { decisions, spent };
    const more = counts(chance, walks, losses, wanted);
    known = known.map(({ sent, lost }, walk) => ({ sent: sent + more[walk]!.sent, lost: lost + more[walk]!.lost }));
  }
}

test("one link alone is decided like Wald's test does: after 694 probes without a loss, after two losses among the first", () => {
  const walks = [{ crossings: [0] }];
  const [after, before] = [695, 686].map((sent) => decide(walks, [{ sent, lost: 0 }], 1, TEST)[0]!.state);
  assert.is(after, 'good'); // ln(999) / ln(0.9999 / 0.99) = 694.1
  assert.is(before, 'open');
  assert.is(decide(walks, [{ sent: 20, lost: 1 }], 1, TEST)[0]!.state, 'open');
  assert.is(decide(walks, [{ sent: 20, lost: 2 }], 1, TEST)[0]!.state, 'bad');
});

test('on clean networks all links are called good for at most 60 % of a fixed size on each walk', () => {
  const chance = chanceOf(3);
  for (const edges of [CHAIN, CYCLE, AWAY]) {
    for (const loss of [0, 5e-5, 1e-4]) {
      const { moves, components } = network(edges);
      const walks = planWalks(moves, { vantage: 0, components });
      let sum = 0;
      for (let turn = 0; turn < 8; turn += 1) {
        const { decisions, spent } = run(
          walks,
          Array.from({ length: components }, () => loss),
          chance,
        );
        assert.ok(decisions.every(({ state }) => state === 'good'));
        sum += spent;
      }
      assert.ok(sum / 8 <= 0.6 * FIXED * walks.length, `${edges.length} links at ${loss}: ${sum / 8} of ${FIXED * walks.length}`);
    }
  }
});

test('a fault on a cycle is called bad, and nothing that is good; no bad one is called good', () => {
  const chance = chanceOf(11);
  const { moves, components, link } = network(AWAY);
  const walks = planWalks(moves, { vantage: 0, components });
  for (const loss of [0.02, 0.1, 0.5]) {
    for (const fault of [link(1, 2), link(3, 2), link(4, 1)]) {
      const losses = Array.from({ length: components }, (_, component) => (component === fault ? loss : 5e-5));
      const { decisions } = run(walks, losses, chance);
      assert.is(decisions[fault]!.state, 'bad', `${fault} at ${loss}`);
      assert.equal(decisions.filter(({ state }) => state === 'bad').length, 1);
    }
  }
});

test('nothing more is sent for what no walk tells: two directions of a bridge, and what lies behind a dead link', () => {
  const walks = [{ crossings: [0, 1] }, { crossings: [0, 2, 3, 1] }];
  const known = [
    { sent: 4000, lost: 200 },
    { sent: 4000, lost: 4000 },
  ];
  const decisions = decide(walks, known, 4, TEST);
  assert.equal(
    decisions.map(({ state }) => state),
    ['open', 'open', 'open', 'open'],
  );
  assert.equal(nextRound(walks, decisions, TEST, 10_000), [0, 0]);
});

test('a round keeps to its budget, and uses all of it where more is needed', () => {
  const walks = [{ crossings: [0] }, { crossings: [1] }];
  const decisions = decide(
    walks,
    [
      { sent: 0, lost: 0 },
      { sent: 0, lost: 0 },
    ],
    2,
    TEST,
  );
  assert.is(
    nextRound(walks, decisions, TEST, 100).reduce((sum, count) => sum + count, 0),
    100,
  );
});

test('a test that is none is a bad call', () => {
  assert.throws(() => testCost({ acceptable: 0.01, unacceptable: 0.01 }), /0 < acceptable < unacceptable < 1, got 0.01 and 0.01/);
  assert.throws(() => testCost({ ...TEST, alpha: 0.6 }), /got 0.6/);
});

test.run();
