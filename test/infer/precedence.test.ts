/** The precedence probability, against counting every order by hand and against exact fractions. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { precedence } from '../../src/infer/precedence.ts';

/** Every way in which two samples can interleave is as likely as any other: a word of so many `x` and `y`. */
function* words(xs: number, ys: number): Generator<string> {
  if (xs === 0 && ys === 0) yield '';
  if (xs > 0) for (const rest of words(xs - 1, ys)) yield `x${rest}`;
  if (ys > 0) for (const rest of words(xs, ys - 1)) yield `y${rest}`;
}

const placeOf = (word: string, letter: string, rank: number): number =>
  [...word].flatMap((each, place) => (each === letter ? [place] : []))[rank - 1]!;

test('it is the share of all orders in which the one lies below the other, for every rank of small samples', () => {
  for (const [xs, ys] of [
    [1, 1],
    [3, 3],
    [5, 2],
    [4, 6],
  ] as const) {
    const all = [...words(xs, ys)];
    for (let i = 1; i <= xs; i += 1) {
      for (let j = 1; j <= ys; j += 1) {
        const share = all.filter((word) => placeOf(word, 'x', i) < placeOf(word, 'y', j)).length / all.length;
        const found = precedence({ rank: i, size: xs }, { rank: j, size: ys });
        assert.ok(Math.abs(found - share) < 1e-12, `${i} of ${xs} below ${j} of ${ys}: ${found} is ${share}`);
      }
    }
  }
});

/** Sums of C(k+j-1, k) C(m-k+n-j, m-k) / C(m+n, m) for k from i to m, in Python's exact fractions. */
const EXACT: readonly [i: number, m: number, j: number, n: number, probability: number][] = [
  [10, 10, 5, 10, 0.005417956656346749],
  [5, 10, 1, 10, 0.016253869969040248],
  [29, 30, 15, 30, 1.1575901729607613e-5],
  [15, 30, 1, 30, 2.9160668479164215e-6],
  [950, 1000, 500, 1000, 6.800460404240951e-126],
  [500, 1000, 1, 1000, 4.785315293716087e-188],
  [95, 100, 15, 30, 1.304104105598734e-8],
  [15, 30, 15, 30, 0.5],
  [3, 100, 900, 1000, 1.0],
];

test('it agrees with exact fractions for samples of tens to thousands', () => {
  for (const [i, m, j, n, probability] of EXACT) {
    const found = precedence({ rank: i, size: m }, { rank: j, size: n });
    assert.ok(Math.abs(found / probability - 1) < 1e-8, `${found} is ${probability}`);
  }
});

const ranked = fc.integer({ min: 1, max: 1_000_000 }).chain((size) => fc.integer({ min: 1, max: size }).map((rank) => ({ rank, size })));

test('one of the two lies below: the probabilities of both orders sum to 1', () => {
  fc.assert(
    fc.property(ranked, ranked, (x, y) => {
      const [below, above] = [precedence(x, y), precedence(y, x)];
      assert.ok(below >= 0 && below <= 1);
      assert.ok(Math.abs(below + above - 1) < 1e-6, `${below} + ${above}`);
    }),
  );
});

test('a rank outside its sample is a bad call', () => {
  assert.throws(() => precedence({ rank: 0, size: 3 }, { rank: 1, size: 3 }), /got 0 of 3/);
  assert.throws(() => precedence({ rank: 1, size: 3 }, { rank: 4, size: 3 }), /got 4 of 3/);
});

test.run();
