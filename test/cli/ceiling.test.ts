/** The rate of a run that nobody gave one; test/lab/ceiling.test.ts holds the ceiling against real links. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { permittedRate, type RateOptions } from '../../src/cli/ceiling.ts';
import type { Engine, Route } from '../../src/engine/engine.ts';
import { simulated } from './command.ts';

const COMPUTED = { can: { realTime: false } } as Engine;
const LOAD = { crossings: 4, bytes: 1000 };

function rate(options: RateOptions, isPublic: boolean): number {
  const step = permittedRate({ engine: COMPUTED }, {} as Route, LOAD, options, isPublic).next();
  assert.ok(step.done, 'nothing is said');
  return step.value as number;
}

test('5000 a second, 1000 through public addresses, and what was asked for where it was', () => {
  assert.equal([rate({}, false), rate({}, true)], [5000, 1000]);
  assert.equal([rate({ rate: 7 }, false), rate({ rate: 20_000 }, true)], [7, 20_000]);
});

test('a network that is only computed has no ceiling', async () => {
  assert.is(rate({ rate: 100_000 }, false), 100_000);
  assert.is((await simulated('line', ['probe', '-p', 'a,r1', '-c', '10', '--rate', '100k'])).code, 0);
});

test('a share of nothing, or more than all, is no share', async () => {
  for (const share of ['0', '0%', '101%', '1.5', 'half']) {
    const { code, stderr } = await simulated('line', ['probe', '-d', 'd', '--max-link-load', share]);
    assert.is(code, 2, share);
    assert.match(stderr, /--max-link-load/);
  }
});

test('a path that comes by a link again and again is refused before anything is sent', async () => {
  const { code, stderr } = await simulated('line', ['probe', '-p', 'a,r1,r2,r1,r2']);
  assert.is(code, 2);
  assert.match(stderr, /hop 4 and back crosses the link .* 6 times, and 4 is the most.*\(3 hops fit\)/);
  assert.is((await simulated('line', ['probe', '-p', 'a,r1,r2,r1', '-c', '5'])).code, 0);
});

test.run();
