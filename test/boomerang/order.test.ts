/** The order within a round: by chance, so that nothing that recurs on a link meets always the same hop. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { shuffle } from '../../src/boomerang/order.ts';
import { random } from '../../src/engine/simulated/random.ts';

test('whatever the seed, all items are there, once', () => {
  fc.assert(
    fc.property(fc.integer(), fc.uniqueArray(fc.integer()), (seed, items) => {
      const order = [...items];
      shuffle(order, random(seed));
      assert.equal(new Set(order), new Set(items));
      assert.is(order.length, items.length);
    }),
  );
});

test('each of the 24 orders of four comes as often as the others', () => {
  const chance = random(20);
  const order = [0, 1, 2, 3];
  const seen = new Map<string, number>();
  for (let round = 0; round < 24_000; round += 1) {
    shuffle(order, chance);
    seen.set(order.join(), (seen.get(order.join()) ?? 0) + 1);
  }
  assert.is(seen.size, 24);
  const square = [...seen.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  assert.ok(square < 58.6, `${square}`); // of chi-square with 23 degrees of freedom, one in 16,000 is more
});

test.run();
