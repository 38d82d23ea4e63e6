/** Verdicts on many paths, against the truth of simulated networks. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chance, type FatTree, fatTree, probe } from '../../bench/locate-fat-tree.ts';
import type { Component, PathTallies } from '../../src/infer/path-tallies.ts';
import { type Localization, localize } from '../../src/infer/tomography.ts';
import { type Row, talliesOf } from './tallies-of.ts';

const seeds = fc.integer({ min: 1, max: 0x7fffffff });

const nameOf = ({ kind, index }: Component): string => `${kind} ${index}`;
const named = ({ suspects }: Localization): string[] => suspects.map(nameOf).sort();
const opened = ({ undecided }: Localization, why: string): string[][] =>
  undecided.filter((each) => each.why === why).map(({ components }) => components.map(nameOf));

/** Good links lose up to 1e-4, the faulty what is said. */
function tallied(tree: FatTree, faulty: ReadonlyMap<number, number>, packets: number, random: () => number): PathTallies {
  const loss = Float64Array.from({ length: tree.links + tree.devices }, (_, component) => (component < tree.links ? 1e-4 * random() : 0));
  for (const [component, share] of faulty) loss[component] = share;
  return probe(tree, { loss, faulty: new Set() }, packets, random);
}

const tree8 = fatTree(8, 'full');

test('in a fat tree of 8 ports the faulty links and devices are named, with intervals around what they lose, and nothing else', () => {
  // link 20 is of ToR 5; device 10 is another ToR, 40 an aggregation, 70 a core
  const faulty = new Map([
    [20, 0.02],
    [200, 0.05],
    [300, 0.5],
    [384 - 1, 1],
    [384 + 10, 0.03],
    [384 + 40, 0.3],
    [384 + 70, 0.02],
  ]);
  const expected = [...faulty.keys()].map((each) => (each < tree8.links ? `link ${each}` : `device ${each - tree8.links}`)).sort();
  let [within, all] = [0, 0];
  fc.assert(
    fc.property(seeds, (seed) => {
      const verdict = localize(tallied(tree8, faulty, 300, chance(seed)), { confidence: 0.99 });
      assert.equal(named(verdict), expected);
      for (const { kind, index, loss, low, high } of verdict.suspects) {
        const truth = faulty.get(kind === 'link' ? index : tree8.links + index)!;
        assert.ok(low <= loss && loss <= high);
        all += 1;
        if (low <= truth && truth <= high) within += 1;
      }
    }),
    { numRuns: 30 },
  );
  // 210 intervals that hold with 99 %: fewer than 200 by chance once in 20,000
  assert.ok(within >= 200, `${within} of ${all} intervals hold the truth`);
});

test('in a network where all is good nothing is blamed, and the good rate is found without being told', () => {
  const tree = fatTree(12, 'full');
  let [wrong, sum, runs] = [0, 0, 0];
  fc.assert(
    fc.property(seeds, (seed) => {
      const verdict = localize(tallied(tree, new Map(), 100, chance(seed)));
      wrong += verdict.suspects.length;
      sum += verdict.goodRate;
      runs += 1;
    }),
    { numRuns: 100 },
  );
  assert.ok(wrong <= 3, `${wrong} were blamed in ${runs} networks`);
  assert.ok(Math.abs(sum / runs - 5e-5) < 2e-6, `${sum / runs} is not the mean of 0 to 1e-4`);
});

test('a device and its only link are crossed by the same probes: one of them loses, and which is not said', () => {
  const verdict = localize(
    talliesOf(3, 2, [
      [[0, 3], 5000, 0],
      [[0, 3, 1, 4], 5000, 150],
      [[0, 3, 2], 5000, 0],
    ]),
  );
  assert.equal(named(verdict), []);
  assert.equal(opened(verdict, 'same-probes'), [['link 1', 'device 1']]);
});

test('a device is named, not its links, where the probes tell them apart', () => {
  const rows = [0, 1, 2, 3].map((link): Row => [[link, 6, 4 + (link % 2)], 5000, 150 + link]);
  const verdict = localize(talliesOf(6, 1, [...rows, [[4], 5000, 0], [[5], 5000, 0]]));
  assert.equal(named(verdict), ['device 0']);
});

test('behind what lets nothing pass nothing is known, and where no probe went neither', () => {
  const verdict = localize(
    talliesOf(5, 0, [
      [[0], 1000, 0],
      [[0, 1], 1000, 1000],
      [[0, 1, 2], 1000, 1000],
      [[0, 1, 2, 3], 1000, 1000],
    ]),
  );
  assert.equal(named(verdict), ['link 1']);
  assert.ok(verdict.suspects[0]!.loss > 0.999 && verdict.suspects[0]!.low > 0.99);
  assert.equal(opened(verdict, 'behind'), [['link 2', 'link 3']]);
  assert.equal(opened(verdict, 'not-crossed'), [['link 4']]);
});

test('losses that come in bursts are not taken for faults, and told', () => {
  const random = chance(5);
  const tree = fatTree(12, 'full');
  const tallies = tallied(tree, new Map(), 100, random);
  const lost = tallies.lost.map(() => (random() < 0.003 ? 8 : 0));
  const verdict = localize({ ...tallies, lost });
  assert.equal(named(verdict), []);
  assert.ok(Math.abs(verdict.overdispersion - 8) < 1, `${verdict.overdispersion}`);
});

test('independent losses are not taken for bursts', () => {
  const faulty = new Map([[20, 0.3]]);
  fc.assert(
    fc.property(seeds, (seed) => {
      assert.ok(localize(tallied(tree8, faulty, 100, chance(seed))).overdispersion < 1.6);
    }),
    { numRuns: 30 },
  );
});

test('what a component is called changes nothing but its name', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = chance(seed);
      const tallies = tallied(
        tree8,
        new Map([
          [17, 0.05],
          [333, 0.2],
          [384 + 3, 0.1],
        ]),
        100,
        random,
      );
      const swapped = { ...tallies, crossings: tallies.crossings.map((each) => (each < 384 ? 383 - each : each)) };
      const back = (name: string): string => name.replace(/link (\d+)/, (_, index) => `link ${383 - Number(index)}`);
      assert.equal(named(localize(swapped)).map(back).sort(), named(localize(tallies)));
    }),
    { numRuns: 20 },
  );
});

test('in a sweep over eight links, where most paths cross the lossy one, it alone is named, or rarely none', () => {
  let [runs, right] = [0, 0];
  fc.assert(
    fc.property(seeds, fc.integer({ min: 0, max: 7 }), (seed, bad) => {
      const random = chance(seed);
      const count = (loss: number): number => Array.from({ length: 300 }, random).filter((each) => each < loss).length;
      const rows = Array.from(
        { length: 8 },
        (_, last): Row => [[0, 1, 2, 3, 4, 5, 6, 7].slice(0, last + 1), 300, count(last < bad ? 0 : 0.07)],
      );
      const { suspects } = localize(talliesOf(8, 0, rows));
      for (const { index } of suspects) assert.is(index, bad);
      runs += 1;
      right += suspects.length;
    }),
    { numRuns: 100 },
  );
  // by chance losses vary like bursts once in 2,000 runs, and nothing is said
  assert.ok(right >= 97, `${right} of ${runs}`);
});

test('a little loss all over a small network is no fault of one link', () => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(1e-5, 1e-4, 5e-4), (seed, loss) => {
      const random = chance(seed);
      const count = (share: number): number => Array.from({ length: 2000 }, random).filter((each) => each < share).length;
      const rows = Array.from({ length: 6 }, (_, last): Row => [[0, 1, 2, 3, 4, 5].slice(0, last + 1), 2000, count(loss * (last + 1))]);
      assert.equal(named(localize(talliesOf(6, 0, rows))), []);
    }),
    { numRuns: 100 },
  );
});

test('without probes, or with no path at all, nothing is known', () => {
  assert.equal(localize(talliesOf(2, 0, [[[0, 1], 0, 0]])).suspects, []);
  assert.equal(opened(localize(talliesOf(2, 0, [])), 'not-crossed'), [['link 0', 'link 1']]);
});

test('tallies that do not fit together and options outside 0–1 are bad calls', () => {
  const good = talliesOf(2, 0, [[[0, 1], 10, 1]]);
  assert.throws(() => localize({ ...good, lost: Uint32Array.of(11) }), /Path 0 lost 11 of 10/);
  assert.throws(() => localize({ ...good, links: 1 }), /A component is 0 to 0, got 1/);
  assert.throws(() => localize({ ...good, sent: Uint32Array.of(1, 2) }), /2 paths need 3 starts/);
  assert.throws(() => localize({ ...good, start: Uint32Array.of(0, 1) }), /end at 2, got 0 and 1/);
  assert.throws(() => localize(good, { confidence: 99 }), /confidence lies between 0 and 1, got 99/);
});

test.run();
