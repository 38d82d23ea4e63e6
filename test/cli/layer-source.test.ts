/** What `--layer-source` says and costs: the note, the rows, the exit code, and what it refuses. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chosenSources } from '../../src/boomerang/layer-source.ts';
import { sourcesFor } from '../../src/cli/layer-source.ts';
import type { Network } from '../../src/cli/network.ts';
import { simulatedNetwork } from '../../src/cli/simulated-network.ts';
import { type Filter, PLAIN } from '../../src/topology/behaviour.ts';
import { fixture } from '../lab/raised.ts';
import { endOf, of, probed, problems, traced } from '../truth/commands.ts';
import { simulated } from './command.ts';

const filtering = (at: readonly string[], filters: readonly Filter[]): Network => {
  const topology = fixture('line', 'x');
  const nodes = topology.nodes.map((node) => (at.includes(node.name) ? { ...node, behaviour: { ...PLAIN, filters } } : node));
  return simulatedNetwork({ ...topology, nodes });
};

test('a note tells from which hop on probes carry what, and where the others are dropped', async () => {
  const events = await probed(filtering(['r1'], ['land']), 4, { destination: 'd' });
  const [note] = of(events, 'problem');
  assert.is(note!.code, 'LAYER_SOURCE');
  assert.match(note!.message, /^From hop 1 on probes carry our other address 10\.255\.0\.1 as source of the last header/);
  assert.match(note!.message, /drops them at 10\.0\.0\.2 or on the way home from it$/);
  assert.equal([of(events, 'problem').length, endOf(events).exit, endOf(events).reached], [1, 0, true]);
});

test('a filtered hop keeps its row, of which nothing is known, and the exit is 5', async () => {
  for (const family of [4, 6] as const) {
    const events = await probed(filtering(['r2'], ['strict-urpf']), family, { destination: 'd' });
    assert.equal(problems(events), ['FILTERED', 'FILTERED']);
    const rows = of(events, 'tally').slice(-4);
    assert.equal(
      rows.map(({ state, layerSource, sent, received, lost, loss }) => [state, layerSource, sent, received, lost, loss]),
      [...Array(2).fill(['visited', 'us', 30, 30, 0, 0]), ...Array(2).fill(['filtered', null, 0, 0, 0, null])],
    );
    assert.equal([endOf(events).exit, endOf(events).reached], [5, false]);
    const [first, second] = of(events, 'problem').map(({ message }) => message);
    const between = rows.slice(1, 3).map(({ address }) => address);
    assert.ok(first!.includes(`unknown (filter: source check at ${between[0]} or between it and ${between[1]})`), first);
    assert.ok(second!.startsWith(`${rows[3]!.address}: unknown (filter: source check at ${between[0]} or`), second);
  }
});

test('a source that was asked for is kept, and a second address that we do not have is an error', async () => {
  const events = await probed(filtering(['r1'], ['land']), 4, { destination: 'd', layerSource: 'us' });
  assert.equal([problems(events), endOf(events).exit], [Array(4).fill('FILTERED'), 5]);
  assert.match(of(events, 'problem')[0]!.message, /with the one source that was to be tried \(us; --layer-source auto tries others\)/);
  const alone = { ...filtering([], []), ownAddresses: () => [] };
  assert.throws(() => sourcesFor('10.0.0.1', alone, { layerSource: 'second' }), /needs another IPv4 address of ours beside 10\.0\.0\.1/);
  assert.equal(sourcesFor('10.0.0.1', alone, {}), chosenSources('auto', null));
  const without = await probed({ ...filtering(['r1'], ['land']), ownAddresses: () => [] }, 4, { destination: 'd' });
  assert.match(of(without, 'problem')[0]!.message, /\(us, waypoint, previous\); we have no second address to try/);
});

test('a reverse trace says with which source its probe would come home, and takes it where that is asked for', async () => {
  for (const family of [4, 6] as const)
    for (const at of ['r2', 'd']) {
      const closed = await traced(filtering([at], ['land']), 'd', family, { reverse: true });
      assert.equal([problems(closed), endOf(closed).exit, endOf(closed).reached], [['LAYER_SOURCE'], 5, false]);
      const open = await traced(filtering([at], ['land']), 'd', family, { reverse: true, layerSource: 'second' });
      assert.equal([problems(open), endOf(open).exit, endOf(open).reached], [[], 0, true]);
      assert.is(of(open, 'hop').length, 5);
    }
});

test('a reverse trace that no source brings home names loss and filter, and one that ends early neither', async () => {
  const lost = await traced(filtering(['r2'], ['own-prefix']), 'd', 4, { reverse: true });
  assert.equal([problems(lost), endOf(lost).exit], [['NO_LANDING'], 1]);
  assert.match(of(lost, 'problem')[0]!.message, /a link loses it, or a filter drops it by its source address$/);
  const early = await traced(filtering([], []), 'd', 4, { reverse: true, maxHops: 2 });
  assert.equal([problems(early), endOf(early).exit], [[], 1]);
});

test('the command takes the option where it means something', async () => {
  const argv = ['probe', '-d', 'd', '-c', '5', '--layer-source'];
  assert.is((await simulated('line', [...argv, 'second'])).code, 0);
  const wrong = await simulated('line', [...argv, 'everybody']);
  assert.is(wrong.code, 2);
  assert.match(wrong.stderr, /--layer-source.*auto, us, second, waypoint, previous/);
  const forward = await simulated('line', ['d', '--layer-source', 'second']);
  assert.is(forward.code, 2);
  assert.match(forward.stderr, /--layer-source second is of the way home: give -r/);
});

test.run();
