/** Two paths laid side by side. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { aligned } from '../../src/report/diff-align.ts';

const side = (a: string, b: string): string =>
  aligned([...a], [...b], (one, other) => one === other)
    .map(([one, other]) => `${one ?? '-'}${other ?? '-'}`)
    .join(' ');

test('hops that are found again stand beside each other, others in the order they come', () => {
  assert.is(side('abcd', 'abcd'), 'aa bb cc dd');
  assert.is(side('abcd', 'axcd'), 'aa bx cc dd');
  assert.is(side('abd', 'abcd'), 'aa bb -c dd');
  assert.is(side('abcd', 'ad'), 'aa b- c- dd');
  assert.is(side('abcd', 'axyzd'), 'aa bx cy -z dd');
  assert.is(side('', 'ab'), '-a -b');
  assert.is(side('abc', 'bca'), 'a- bb cc -a');
});

const path = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });

/** By the definition: the longest word that is left of both by leaving letters out. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  const [first, ...rest] = a;
  const at = b.indexOf(first!);
  const without = longestCommon(rest, b);
  return at < 0 ? without : Math.max(without, 1 + longestCommon(rest, b.slice(at + 1)));
}

test('no hop is lost or invented, and as many are found again as can be', () => {
  fc.assert(
    fc.property(path, path, (a, b) => {
      const pairs = aligned(a, b, (one, other) => one === other);
      assert.equal(
        pairs.flatMap(([one]) => one ?? []),
        a,
      );
      assert.equal(
        pairs.flatMap(([, other]) => other ?? []),
        b,
      );
      assert.ok(pairs.every(([one, other]) => one !== null || other !== null));
      assert.is(pairs.filter(([one, other]) => one === other).length, longestCommon(a, b));
    }),
  );
});

test.run();
