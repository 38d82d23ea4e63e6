/** What walks tell apart: against elimination in whole numbers, formulas of graphs, and losses that are tried out. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { planWalks } from '../../src/infer/circuits.ts';
import { mimics, rankOf, tellsApart } from '../../src/infer/rank.ts';
import type { Walk } from '../../src/infer/walk.ts';
import { AWAY, CHAIN, CYCLE, network } from './networks.ts';

const COMPONENTS = 6;
const walk = fc
  .array(fc.integer({ min: 0, max: COMPONENTS - 1 }), { minLength: 1, maxLength: 7 })
  .map((crossings): Walk => ({ crossings }));
const walks = fc.array(walk, { minLength: 1, maxLength: 7 });

/** Fraction-free elimination (E. H. Bareiss). */
function exactRank(rows: readonly (readonly bigint[])[]): number {
  const left = rows.map((row) => [...row]);
  let rank = 0;
  for (let column = 0; column < (rows[0]?.length ?? 0); column += 1) {
    const pivot = left.findIndex((row, at) => at >= rank && row[column] !== 0n);
    if (pivot < 0) continue;
    [left[rank], left[pivot]] = [left[pivot]!, left[rank]!];
    const top = left[rank]!;
    for (const row of left.slice(rank + 1)) {
      const by = row[column]!;
      for (let k = 0; k < row.length; k += 1) row[k] = row[k]! * top[column]! - by * top[k]!;
    }
    rank += 1;
  }
  return rank;
}

const matrix = (all: readonly Walk[], components = COMPONENTS): bigint[][] =>
  all.map(({ crossings }) => Array.from({ length: components }, (_, c) => BigInt(crossings.filter((one) => one === c).length)));

test('the rank is that of elimination in whole numbers', () => {
  fc.assert(fc.property(walks, (all) => assert.is(rankOf(all, COMPONENTS).rank, exactRank(matrix(all)))));
});

test('one more walk never lowers the rank, and names do not matter', () => {
  fc.assert(
    fc.property(walks, walk, fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }), (all, more, names) => {
      const before = rankOf(all, COMPONENTS);
      assert.ok(rankOf([...all, more], COMPONENTS).rank >= before.rank);
      const renamed = rankOf(
        all.map(({ crossings }) => ({ crossings: crossings.map((one) => names[one]!) })),
        COMPONENTS,
      );
      assert.is(renamed.rank, before.rank);
      assert.equal(renamed.classes.map((one) => one.length).sort(), before.classes.map((one) => one.length).sort());
      assert.is(renamed.identifiability, before.identifiability);
    }),
  );
});

test('where whole-number burdens of two sets add up to the same in every walk, they are not told apart', () => {
  const set = fc.uniqueArray(fc.integer({ min: 0, max: COMPONENTS - 1 }), { minLength: 1, maxLength: 2 });
  fc.assert(
    fc.property(walks, set, set, (all, first, second) => {
      const sums = (components: readonly number[], burdens: readonly number[]): string =>
        matrix(all)
          .map((row) => components.reduce((sum, component, place) => sum + Number(row[component]) * burdens[place]!, 0))
          .join();
      const choices = [1, 2, 3, 4, 5, 6];
      const burdens = (count: number): number[][] =>
        count === 1 ? choices.map((one) => [one]) : choices.flatMap((one) => choices.map((other) => [one, other]));
      const ofSecond = new Set(burdens(second.length).map((each) => sums(second, each)));
      const isAlike = burdens(first.length).some((each) => ofSecond.has(sums(first, each)));
      if (isAlike) assert.not(tellsApart(all, first, second));
      else if (first.length === 1 && second.length === 1) assert.ok(tellsApart(all, first, second)); // counts are up to 7: ratios up to 6 fail late
    }),
    { numRuns: 300 },
  );
});

test('on a chain no walk tells the two directions of a link apart, and a device looks like its two links', () => {
  const { moves, components, link, device } = network(CHAIN);
  const all = planWalks(moves, { vantage: 0, components });
  assert.not(tellsApart(all, [link(1, 2)], [link(2, 1)]));
  assert.ok(tellsApart(all, [link(1, 2)], [link(2, 3)]));
  assert.ok(tellsApart(all, [device(2)], [link(1, 2)]));
  assert.ok(mimics(all, [device(2)], [link(1, 2), link(2, 3)]));
  assert.not(mimics(all, [link(1, 2), link(2, 3)], [device(2)]));
});

test('on a cycle each direction stands alone; on a bridge to it none does', () => {
  const { moves, components, link } = network(AWAY);
  const { classes } = rankOf(planWalks(moves, { vantage: 0, components }), components);
  const classOf = (component: number): number => classes.find((one) => one.includes(component))!.length;
  for (const [from, to] of [
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 1],
  ] as const) {
    assert.is(classOf(link(from, to)), 1);
    assert.is(classOf(link(to, from)), 1);
  }
  assert.is(classOf(link(0, 1)), 2);
  assert.is(classOf(link(3, 5)), 3); // and the device at the end
});

test('losses of two opposite directions on a cycle of four have a twin when they are equal; of one direction they have none', () => {
  const { moves, components, link } = network(CYCLE, false);
  const all = planWalks(moves, { vantage: 0, components });
  assert.not(tellsApart(all, [link(0, 1), link(2, 1)], [link(1, 2), link(1, 0)]));
  assert.ok(tellsApart(all, [link(0, 1), link(1, 2)], [link(1, 0), link(2, 1)]));
});

test('coverage, what is not covered, and identifiability are those counted by hand', () => {
  const all = [{ crossings: [0, 1] }, { crossings: [1, 2] }, { crossings: [0, 2] }];
  const rank = rankOf(all, 4);
  assert.equal(rank.uncovered, [3]);
  assert.is(rank.coverage, 2);
  assert.is(rank.identifiability, 1); // any two of the three fail every walk
  assert.is(rankOf([{ crossings: [0] }, { crossings: [1] }, { crossings: [2] }], 3).identifiability, 2);
  assert.is(rankOf([], 2).rank, 0);
  assert.throws(() => rankOf(all, 2), /components 0 to 1, got 2/);
});

test.run();
