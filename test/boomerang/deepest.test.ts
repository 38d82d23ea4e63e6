/** Which boomerangs of a path are sent: what does not fit the first link is not, and what would come by one link again and again neither. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { deepest, refusalOf } from '../../src/boomerang/deepest.ts';
import type { ProbedPath } from '../../src/boomerang/path.ts';
import type { Route } from '../../src/engine/engine.ts';
import { FLOW } from '../probe/plans.ts';

const [A, R1, R2, R3] = ['192.0.2.1', '198.51.100.1', '198.51.100.2', '198.51.100.3'] as const;
const ROUTE: Route = { destination: R1, interface: 'test0', source: A, nextHop: R1, mtu: 1500 };
const SHAPE = { landing: 'ipip', flow: FLOW } as const;
const path = (...hops: readonly (string | null)[]): ProbedPath => ({ us: A, hops, distance: 1, loose: false });
const last = (...hops: readonly (string | null)[]): number => deepest(path(...hops), SHAPE, ROUTE);
const refused = (position: number, ...hops: readonly string[]): string =>
  refusalOf(path(...hops), position, SHAPE, ROUTE)?.message ?? 'none';

test('a link is crossed four times at most: there, back, and each once more', () => {
  assert.is(last(R1, R2, R1), 3);
  assert.is(last(R1, R2, R1, R2), 3); // r1–r2 three times out and three times home
  assert.is(last(R1, R2, R1, R3, R1), 5);
  assert.match(refused(4, R1, R2, R1, R2), `hop 4 and back crosses the link ${R1}–${R2} 6 times, and 4 is the most: give a path`);
});

test('a hop that is named twice in a row crosses nothing', () => {
  assert.is(last(R1, R1, R1, R1, R2), 5);
});

test('silent hops are left out of the count', () => {
  assert.is(last(R1, null, R2, null, R3), 5);
});

test('a path as deep as the first link takes is sent, and not one hop more', () => {
  // The hops are 2k + 1 headers of 20 bytes and 44 more: 35 of them make 1464 bytes, 36 make 1504.
  const hops = Array.from({ length: 40 }, (_, index) => `198.51.100.${index + 1}`);
  assert.is(last(...hops), 35);
  assert.match(refused(36, ...hops), '1504 bytes exceeds the MTU of 1500');
});

test.run();
