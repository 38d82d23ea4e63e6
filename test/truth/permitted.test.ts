/** Through addresses that are not private, nested probes visit those that were allowed and no other: not those guessed, nor those found. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeOf } from '../../src/topology/lookup.ts';
import { addressText } from '../../src/wire/address.ts';
import { outline } from '../../src/wire/outline.ts';
import { isPrivate } from '../../src/wire/scope.ts';
import { of, probed, traced } from './commands.ts';
import { networkOf } from './random-topology.ts';
import { type Watched, watched } from './watched.ts';

/** a — r1 — r2 — d, with addresses of nobody's lab. */
const TEXT = `{name: public, nodes: {a: {vantage: true, source: loopback, address4: 11.0.0.1}, r1: {address4: 11.0.0.2}, r2: {address4: 11.0.0.3}, d: {address4: 11.0.0.4}},
    links: [{between: [a, r1], addresses4: [11.1.0.1, 11.1.0.2]}, {between: [r1, r2], addresses4: [11.1.1.1, 11.1.1.2]}, {between: [r2, d], addresses4: [11.1.2.1, 11.1.2.2]}]}`;

const network = (): Watched => watched(networkOf(TEXT, 'r1', 1));
const { topology } = networkOf(TEXT, 'r1', 1);

/** Of all headers but the last, whose destination is the end of the probe's way. */
function visited({ sent }: Watched): string[] {
  const nested = sent.map(({ bytes }) => ({ bytes, layers: outline(bytes, 0)!.layers })).filter(({ layers }) => layers.length > 1);
  const all = nested.flatMap(({ bytes, layers }) => layers.map(({ at }) => addressText(bytes, at + 16, 4)));
  return [...new Set(all)].filter((address) => !isPrivate(address) && nodeOf(topology, address)?.name !== 'a').sort();
}

test('a table is made by the addresses that were allowed, and no neighbour on their links is guessed', async () => {
  const given = ['11.1.0.2', '11.1.1.2', '11.1.2.2'];
  const watching = network();
  const events = await probed(watching, 4, { path: ['a', ...given], allow: given });
  assert.equal(visited(watching), given);
  assert.equal(
    of(events, 'tally')
      .slice(-3)
      .map(({ received }) => received),
    [30, 30, 30],
  );
  const open = network();
  await probed(open, 4, { path: ['a', ...given], iOwnThis: true });
  assert.equal(visited(open), ['11.1.0.2', '11.1.1.1', '11.1.1.2', '11.1.2.1', '11.1.2.2']);
});

test('the fields that a trace tries are not addresses that nobody allowed', async () => {
  const allow = ['11.0.0.2', '11.0.0.4'];
  const watching = network();
  await traced(watching, 'd', 4, { source: 'r1', flows: 4, steered: true, allow });
  assert.equal(visited(watching), allow);
});

test.run();
