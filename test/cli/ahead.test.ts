/** Reading ahead: what is made of an item takes its time without holding the source up, and nothing gets lost or out of order. */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ahead } from '../../src/cli/ahead.ts';

async function* counting(to: number, seen: (step: number | 'closed') => void = () => {}): AsyncGenerator<number> {
  try {
    for (let item = 1; item <= to; item += 1) {
      seen(item);
      yield item;
    }
  } finally {
    seen('closed');
  }
}

test('items come in order, each with what was made of it, whichever is made first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 }), async (delays) => {
      const out: (readonly [number, string])[] = [];
      const make = async (item: number): Promise<string> => {
        await sleep(delays[item - 1]);
        return `made of ${item}`;
      };
      for await (const pair of ahead(counting(delays.length), make)) out.push(pair);
      assert.equal(
        out,
        delays.map((_, index) => [index + 1, `made of ${index + 1}`]),
      );
    }),
    { numRuns: 25 },
  );
});

test('making is begun for every item as soon as it is there', async () => {
  const begun: number[] = [];
  const reading = ahead(counting(5), async (item) => {
    begun.push(item);
    await sleep(20);
    return item;
  });
  await reading.next();
  assert.equal(begun, [1, 2, 3, 4, 5]);
  await reading.return(undefined);
});

test('an error of the source reaches the reader, after the items before it', async () => {
  async function* failing(): AsyncGenerator<number> {
    yield 1;
    yield 2;
    throw new Error('the network is gone');
  }
  const read: number[] = [];
  let told = '';
  try {
    for await (const [item] of ahead(failing(), async (one) => one)) read.push(item);
  } catch (error) {
    told = (error as Error).message;
  }
  assert.equal([read, told], [[1, 2], 'the network is gone']);
});

test('a reader that stops early closes the source', async () => {
  const steps: (number | 'closed')[] = [];
  async function* slow(): AsyncGenerator<number> {
    for await (const item of counting(100, (step) => steps.push(step))) {
      await sleep(1);
      yield item;
    }
  }
  for await (const [item] of ahead(slow(), async (one) => one)) if (item === 3) break;
  assert.is(steps.at(-1), 'closed');
  assert.ok(steps.length < 50, `${steps.length} steps`);
});

test('an empty source is an empty reading', async () => {
  for await (const pair of ahead(counting(0), async (item) => item)) assert.unreachable(`${pair}`);
});

test.run();
