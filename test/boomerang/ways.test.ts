/** In which order a survey tries ways home. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProbedPath } from '../../src/boomerang/path.ts';
import { waysTo } from '../../src/boomerang/ways.ts';
import type { HopMap } from '../../src/topology/hop-map.ts';

const hop = (...addresses: string[]) => ({ hop: addresses, decapsulates: null, name: null, role: null }) as const;
// r1 and r2 have neighbouring loopbacks, as routers numbered in a row do: no link joins those
const [R1, R2] = [hop('10.0.0.2', '10.255.0.2', '10.0.1.1'), hop('10.0.1.2', '10.255.0.3', '10.0.2.1')];
const map: HopMap = new Map([R1, R2].flatMap((known) => known.hop.map((address) => [address, known])));

test('home by the link that the hop was seen by comes first, and no way comes twice', () => {
  const path: ProbedPath = { us: '10.0.0.1', hops: ['10.0.0.2', '10.0.1.2'], distance: 1, loose: false, map };
  const ways = waysTo(path, [{ position: 1, out: '10.0.0.2', home: '10.0.0.2' }], 2);
  assert.equal(ways[0], {
    waypoints: [
      { position: 1, out: '10.0.0.2', home: '10.0.1.1' },
      { position: 2, out: '10.0.1.2', home: '10.0.1.2' },
    ],
    guessed: false,
  });
  const homes = ways.map(({ waypoints }) => waypoints[0]!.home);
  assert.is(new Set(homes).size, homes.length);
});

test('without a map it is the mate of the hop address that is guessed first', () => {
  const path: ProbedPath = { us: '10.0.0.1', hops: ['10.0.0.2', '10.0.1.2'], distance: 1, loose: false };
  const ways = waysTo(path, [{ position: 1, out: '10.0.0.2', home: '10.0.0.2' }], 2);
  assert.equal(
    ways.map(({ waypoints, guessed }) => [waypoints[0]!.home, guessed]),
    [
      ['10.0.1.1', true],
      ['10.0.1.3', true],
      ['10.0.0.2', false],
    ],
  );
});

test.run();
