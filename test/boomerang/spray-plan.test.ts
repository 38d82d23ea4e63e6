/** What a spray's paths come to, without an engine. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boomerang } from '../../src/boomerang/itinerary.ts';
import { createPathList } from '../../src/boomerang/spray-paths.ts';
import { type KnownWays, legsOf, targetsOf, unsurveyed } from '../../src/boomerang/spray-plan.ts';
import { FLOW } from '../probe/plans.ts';

const US = '10.0.0.1';
const routers = fc.constantFrom('10.0.1.1', '10.0.2.1', '10.0.3.1', '10.0.4.1', null);
const paths = fc.array(routers, { minLength: 1, maxLength: 7 }).map((hops) => ({ us: US, hops, distance: 1, loose: false }));

test('a way that is remembered from another path is the one that is found anew', () => {
  const known: KnownWays = new Map();
  fc.assert(
    fc.property(paths, (path) => {
      assert.equal(unsurveyed(path, known), unsurveyed(path));
    }),
    { numRuns: 500 },
  );
});

test('each layer leads from where the one before it ended, out over the hops and home over the same', () => {
  fc.assert(
    fc.property(paths, fc.constantFrom('ipip' as const, 'udp' as const), (path, landing) => {
      for (const { waypoints } of unsurveyed(path).hops) {
        if (waypoints.length === 0) continue;
        const legs = legsOf(waypoints, landing);
        const { layers } = boomerang(path, waypoints, landing, FLOW);
        assert.is(legs.length, layers.length);
        for (const [index, [from, to]] of legs.entries()) {
          assert.is(from, index === 0 ? 0 : legs[index - 1]![1]);
          assert.is(layers[index]!.destination, to === 0 ? US : path.hops[to - 1]);
        }
      }
    }),
  );
});

test('a path in the list comes out of it as it went in, hops that nothing turns at among them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.option(fc.integer({ min: 1, max: 250 })), { minLength: 1, maxLength: 9 }), { maxLength: 6 }),
      (lines) => {
        const list = createPathList();
        const all = lines.map((hops) =>
          unsurveyed({ us: US, hops: hops.map((hop, at) => (hop === null ? null : `10.${at}.${hop}.1`)), distance: 1, loose: false }),
        );
        for (const one of all) list.add(one);
        for (const [index, one] of all.entries()) assert.equal(list.at(index), one);
      },
    ),
  );
});

test('targets are ends, all hops, or the two ends of a segment, each in every size', () => {
  const paths = createPathList();
  paths.add(unsurveyed({ us: US, hops: ['10.0.1.1', '10.0.2.1', null, '10.0.4.1'], distance: 1, loose: false }));
  const positions = (everyHop: boolean, segment: number | null, sizes: readonly (number | null)[] = [null]): number[] =>
    [...targetsOf(paths, { everyHop, segment, sizes })].map(({ position }) => position);
  assert.equal(positions(false, null), [4]);
  assert.equal(positions(true, null), [1, 2, 4]);
  assert.equal(positions(false, 0), [1]);
  assert.equal(positions(false, 1), [1, 2]);
  assert.equal(positions(true, null, [100, 200]), [1, 1, 2, 2, 4, 4]);
});

test.run();
