/** What numbers, shares and paths on the command line mean, and which texts are refused. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { number, path, share } from '../../src/cli/read-options.ts';

const REFUSED = ['', ' ', 'x', '-1', '+1', '1e3', '0x10', '1,5', '1.', '.5', '1 ', 'NaN', 'Infinity', '5K', '1kk'];

test('a whole number within its range is taken, to both ends', () => {
  const read = number({ least: 1, most: 255 });
  assert.equal(['1', '30', '255', '007'].map(read), [1, 30, 255, 7]);
  for (const text of [...REFUSED, '0', '256', '1.5', '5k']) assert.throws(() => read(text), /whole number from 1 to 255/, text);
});

test('fractions and suffixes are taken where they mean something', () => {
  assert.equal(['0.5', '3', '2.25'].map(number({ least: 0.001, most: 3600, fraction: true })), [0.5, 3, 2.25]);
  const rate = number({ least: 1, most: 100_000, suffix: true });
  assert.equal(['500', '20k', '1.5k', '0.1M'].map(rate), [500, 20_000, 1500, 100_000]);
  for (const text of [...REFUSED, '101k', '1M', '1.0005k', '0k']) assert.throws(() => rate(text), /from 1 to 100000/, text);
});

test('a share is percent or fraction, never more than all', () => {
  assert.equal(['1%', '0.01', '0', '100%', '1'].map(share), [0.01, 0.01, 0, 1, 1]);
  for (const text of [...REFUSED, '101%', '2', '%']) assert.throws(() => share(text), /such as 1% or 0\.01/, text);
});

test('a path is words between commas or spaces, in brackets or not; * is a hop that nobody knows', () => {
  for (const text of ['a,r1,r2', 'a r1 r2', '[a r1 r2]', '[a, r1, r2]', ' a,,r1 , r2 ']) assert.equal(path(text), ['a', 'r1', 'r2'], text);
  assert.equal(path('[10.0.0.1 * 10.0.4.1]'), ['10.0.0.1', null, '10.0.4.1']);
  for (const text of ['', '[]', ' , ']) assert.throws(() => path(text), /the hops in order/);
});

test('a path that was printed reads back', () => {
  const hop = fc.option(fc.oneof(fc.ipV4(), fc.ipV6()));
  fc.assert(
    fc.property(fc.array(hop, { minLength: 1 }), (hops) => {
      assert.equal(path(`[${hops.map((one) => one ?? '*').join(' ')}]`), hops);
    }),
  );
});

test.run();
