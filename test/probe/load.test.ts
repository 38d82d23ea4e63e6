/** What probes cost links, and the ceiling: sums done by hand, from header lengths (20 and 40) and 44 bytes of UDP and identity. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ceilingOf, linkLoads, loadOf } from '../../src/probe/load.ts';
import { A4, A6, itineraries, itinerary, R4, R6 } from './plans.ts';

const text = (plan: Parameters<typeof linkLoads>[0]): string[] =>
  linkLoads(plan).map(({ between, times, bytes }) => `${[...between].sort().join(' ')}: ${times} × ${bytes}`);

const link = (one: string, other: string): string => [one, other].sort().join(' ');

test('a boomerang crosses each link out and home, each time a header lighter', () => {
  // a>r1 r1>r2 r2>r1 r1>a and one more a>a that never leaves: 5 headers of 20 go out, 2 come home
  const plan = itinerary([R4[0], R4[1], R4[0], A4, A4]);
  assert.equal(text(plan), [`${link(A4, R4[0])}: 2 × ${144 + 84}`, `${link(R4[0], R4[1])}: 2 × ${124 + 104}`]);
});

test('headers of both families weigh what they weigh', () => {
  const plan = itinerary([R6[0], R4[1], R6[0], A6]); // 40 + 20 + 40 + 40 + 44
  assert.equal(text(plan), [`${link(A6, R6[0])}: 2 × ${184 + 84}`, `${link(R6[0], R4[1])}: 2 × ${144 + 124}`]);
});

test('a walk that comes by again counts each crossing of a link, in either direction', () => {
  const [r1, r2] = R4;
  const plan = itinerary([r1, r2, r1, r2, r1, r2, r1, A4]);
  assert.equal(
    linkLoads(plan).map(({ times }) => times),
    [2, 6],
  );
});

test('the crossings of all links are the legs between two hosts', () => {
  fc.assert(
    fc.property(itineraries, (plan) => {
      const hosts = [plan.layers[0]!.source, ...plan.layers.map(({ destination }) => destination)];
      const legs = hosts.slice(1).filter((host, index) => host !== hosts[index]).length;
      assert.is(
        linkLoads(plan).reduce((sum, { times }) => sum + times, 0),
        legs,
      );
    }),
  );
});

test('a sweep loads the link that all its probes cross, by the mean of their sizes', () => {
  const near = itinerary([R4[0], A4, A4]); // 104 out, 84 home
  const far = itinerary([R4[0], R4[1], R4[0], A4, A4]); // 144 and 84
  assert.equal(loadOf([near, far]), { crossings: 2, bytes: (104 + 84 + 144 + 84) / 2 });
  assert.is(loadOf([]), null);
});

test('the ceiling is 100,000 crossings a second, or 1 % of the bits where that is less', () => {
  const load = { crossings: 2, bytes: 208 };
  assert.equal(ceilingOf(load, null, 0.01), { rate: 50_000, bound: 'packets' });
  assert.equal(ceilingOf(load, 100e9, 0.01), { rate: 50_000, bound: 'packets' });
  assert.equal(ceilingOf(load, 1e9, 0.01), { rate: 6009, bound: 'bits' }); // 10,000,000 / 1664 = 6009.6
  assert.equal(ceilingOf({ crossings: 4, bytes: 416 }, null, 0.01).rate, 25_000);
});

test('another share moves both bounds, and one probe a second may always go', () => {
  const load = { crossings: 2, bytes: 208 };
  assert.equal(ceilingOf(load, null, 0.02), { rate: 100_000, bound: 'packets' });
  assert.equal(ceilingOf(load, 1e9, 0.05), { rate: 30_048, bound: 'bits' }); // 50,000,000 / 1664 = 30048.07
  assert.equal(ceilingOf(load, 10_000, 0.001), { rate: 1, bound: 'bits' });
});

test('at the ceiling no link carries more than its share', () => {
  const loads = fc.record({ crossings: fc.integer({ min: 1, max: 4 }), bytes: fc.double({ min: 64, max: 60_000, noNaN: true }) });
  const speeds = fc.option(fc.integer({ min: 10_000_000, max: 400_000_000 }).map((kilobits) => kilobits * 1000));
  fc.assert(
    fc.property(loads, speeds, fc.double({ min: 0.001, max: 1, noNaN: true }), (load, speed, share) => {
      const { rate } = ceilingOf(load, speed, share);
      if (rate === 1) return;
      assert.ok(rate * load.crossings <= (share / 0.01) * 100_000 * (1 + 1e-9), 'packets');
      if (speed !== null) assert.ok(rate * load.bytes * 8 <= share * speed * (1 + 1e-9), 'bits');
    }),
  );
});

test.run();
