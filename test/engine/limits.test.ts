/** What the engines of the packages cannot do stands in one table, and docs/engines.md shows it as it is. */
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LIMITS, type Limit, limitText, type PackageName } from '../../src/engine/packages/limits.ts';
import { standingDisturbances, unheardInterfaces } from '../../src/engine/packages/unheard.ts';
import type { Interface } from '../../src/host/interface.ts';

const rows = [...readFileSync('docs/engines.md', 'utf8').matchAll(/^\| (both|pcap|cap) \| (.+) \| (.+) \|$/gm)];

test('docs/engines.md lists each limit with its reason, and no other', () => {
  const documented = rows.flatMap(([, engine, cannot, because]) =>
    (engine === 'both' ? ['pcap', 'cap'] : [engine]).map((name) => `${name} ${cannot}: ${because}`),
  );
  const known = (Object.keys(LIMITS) as PackageName[]).flatMap((name) =>
    (Object.values(LIMITS[name]) as Limit[]).map(({ cannot, because }) => `${name} ${cannot}: ${because}`),
  );
  assert.equal(documented.toSorted(), known.toSorted());
});

test('in a worker thread the engine cap refuses with its limit', async () => {
  const said = await new Promise((resolve, reject) => {
    const worker = new Worker(new URL('cap-worker.mjs', import.meta.url), { execArgv: [] });
    worker.on('message', resolve);
    worker.on('error', reject);
  });
  assert.is(said, `ERR_ENGINE The engine cap ${limitText(LIMITS.cap.threads)}`);
});

const device = (name: string, up = true): Interface => ({ index: 1, name, mtu: 1500, up, hasNeighbours: true });

test('interfaces that are up and not heard are named; loopback and those that are down are not', () => {
  const all = [device('lo'), device('none0'), device('none1'), device('none2', false)];
  assert.equal(unheardInterfaces(all, ['none0']), ['none1']);
  assert.equal(unheardInterfaces(all, ['none0', 'none1']), []);
});

test('silence proves nothing from the beginning on where drops are not counted or an interface is not heard', () => {
  const said = (countDrops: boolean, unheard: readonly string[]): unknown[] =>
    standingDisturbances('cap', countDrops, unheard, 5n).map(({ code, fromNs, untilNs }) => [code, fromNs, untilNs]);
  assert.equal(said(true, []), []);
  assert.equal(said(false, []), [['DROPS_UNCOUNTED', 5n, null]]);
  assert.equal(said(true, ['eth1']), [['INTERFACE_UNHEARD', 5n, null]]);
});

test.run();
