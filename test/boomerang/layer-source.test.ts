/** Whose address each header carries, and which filters on the way let that pass. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { boomerang, type Landing } from '../../src/boomerang/itinerary.ts';
import { chosenSources, type LayerSource, type LayerSourceKind, layerSources } from '../../src/boomerang/layer-source.ts';
import { type HopState, survey } from '../../src/boomerang/survey.ts';
import { type Behaviour, PLAIN } from '../../src/topology/behaviour.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { fixture } from '../lab/raised.ts';
import { FLOW, loopback, open, sourceFor } from '../trace/networks.ts';

const FAMILIES = [4, 6] as const;
const HOPS = ['r1', 'r2', 'r3', 'd'];
const EVERYWHERE = HOPS;

const waypoints = [1, 2, 3].map((position) => ({ position, out: `192.0.2.${position}`, home: `198.51.100.${position}` }));
const layersOf = (source: LayerSource, count: number, landing: Landing): string[] =>
  boomerang({ us: 'A', hops: [], distance: 1, loose: false } as never, waypoints.slice(0, count), landing, FLOW, source).layers.map(
    (layer) => `${layer.source}>${layer.destination}`,
  );

/** ARCHITECTURE.md, "Layer sources"; R1, R2, R3 are visited on the way out, r2 and r1 on the way home. */
const WRITTEN: Readonly<Record<LayerSourceKind, string>> = {
  us: 'A>R1 A>R2 A>R3 A>r2 A>r1 A>A A>A',
  second: 'A>R1 A>R2 A>R3 A>r2 A>r1 B>A B>A',
  waypoint: 'A>R1 A>R2 A>R3 A>r2 A>r1 r1>A r1>A',
  previous: 'A>R1 R1>R2 R2>R3 R3>r2 r2>r1 r1>A r1>A',
};
const ADDRESSES: Readonly<Record<string, string>> = { A: 'A', B: '203.0.113.9' };
const addressOf = (word: string): string => ADDRESSES[word] ?? `${word[0] === 'R' ? '192.0.2' : '198.51.100'}.${word.slice(1)}`;

test('each variant is written as it is described, with either landing', () => {
  for (const source of layerSources(ADDRESSES.B!)) {
    const expected = WRITTEN[source.kind].split(' ').map((layer) => layer.split('>').map(addressOf).join('>'));
    assert.equal(layersOf(source, 3, 'ipip'), expected, source.kind);
    assert.equal(layersOf(source, 3, 'udp'), expected.slice(0, -1), source.kind);
  }
});

test('at a turn at the first hop the last waypoint is that hop', () => {
  assert.equal(layersOf({ kind: 'waypoint' }, 1, 'udp'), ['A>192.0.2.1', '192.0.2.1>A']);
  assert.equal(layersOf({ kind: 'previous' }, 1, 'udp'), ['A>192.0.2.1', '192.0.2.1>A']);
});

test('the outermost source is always us', () => {
  for (const source of layerSources(ADDRESSES.B!)) assert.is(layersOf(source, 3, 'ipip')[0], 'A>192.0.2.1', source.kind);
});

test('without a second address of ours there is no such variant', () => {
  assert.equal(
    layerSources(null).map(({ kind }) => kind),
    ['us', 'waypoint', 'previous'],
  );
  assert.equal(chosenSources('second', null), null);
  assert.equal(chosenSources('us', null), [{ kind: 'us' }]);
});

/** `line` with this behaviour at these nodes, beside what all of them do. */
function behaving(at: readonly string[], part: Partial<Behaviour>, all: Partial<Behaviour> = {}): Topology {
  const topology = fixture('line', 'x');
  const nodes = topology.nodes.map((node) => {
    if (node.vantage) return node;
    return { ...node, behaviour: { ...PLAIN, ...all, ...(at.includes(node.name) ? part : {}) } };
  });
  return { ...topology, nodes };
}

async function stateOf(
  topology: Topology,
  family: 4 | 6,
  sources: (us: string) => readonly LayerSource[],
): Promise<[HopState, LayerSourceKind]> {
  const { engine, asking } = open(topology);
  const hops = HOPS.map((node) => loopback(topology, node, family));
  const us = await sourceFor(engine, hops[0]!);
  const options = { flow: FLOW, landing: 'ipip', timeoutNs: 3e9, rttNs: 1e6, sources: sources(us) } as const;
  let last: [HopState, LayerSourceKind] = ['silent', 'us'];
  for await (const hop of survey(engine, asking, { us, hops, distance: 1, loose: false }, options)) last = [hop.state, hop.source.kind];
  return last;
}

interface Passing {
  readonly at: readonly string[];
  readonly filter: Partial<Behaviour>;
  /** Which variants come home over IPv4 from routers that drop their own address as source, else (IPv6, accept_local) from all. */
  readonly strict: readonly LayerSourceKind[];
  readonly tolerant: readonly LayerSourceKind[];
}

/**
 * By what each filter is: LAND drops a source that is the destination; own-prefix our addresses where they come in from elsewhere, so on
 * every steered leg home; a strict reverse path those whose way back is another, so these too, and a router's own address anywhere.
 */
const PASSES: Readonly<Record<string, Passing>> = {
  none: { at: [], filter: {}, strict: ['us', 'second'], tolerant: ['us', 'second', 'waypoint', 'previous'] },
  land: { at: EVERYWHERE, filter: { filters: ['land'] }, strict: ['second'], tolerant: ['second', 'waypoint', 'previous'] },
  'own-prefix': { at: ['r1'], filter: { filters: ['own-prefix'] }, strict: [], tolerant: ['previous'] },
  'strict-urpf': { at: ['r2'], filter: { filters: ['strict-urpf'] }, strict: [], tolerant: [] },
  'ct-invalid': {
    at: EVERYWHERE,
    filter: { filters: ['ct-invalid'] },
    strict: ['us', 'second'],
    tolerant: ['us', 'second', 'waypoint', 'previous'],
  },
};

for (const [name, { at, filter, strict, tolerant }] of Object.entries(PASSES))
  for (const family of FAMILIES)
    for (const acceptLocal of [false, true]) {
      const passing = family === 4 && !acceptLocal ? strict : tolerant;
      const network = (): Topology => behaving(at, { acceptLocal, ...filter }, { acceptLocal });
      const where = `IPv${family}${acceptLocal ? ', accept_local' : ''}`;
      test(`${where}, filter ${name}: what passes is ${passing.join(', ') || 'nothing'}, and what does not is filtered, not lost`, async () => {
        for (const { kind } of layerSources('')) {
          const second = loopback(network(), 'a', family);
          const state = await stateOf(network(), family, () => chosenSources(kind, second)!);
          assert.equal(state, [passing.includes(kind) ? 'visited' : 'filtered', kind]);
        }
      });
      test(`${where}, filter ${name}: auto ends at ${passing[0] ?? 'filtered'}`, async () => {
        const state = await stateOf(network(), family, () => layerSources(loopback(network(), 'a', family)));
        assert.is(state[0], passing.length > 0 ? 'visited' : 'filtered');
        if (passing[0] !== undefined) assert.is(state[1], passing[0]);
      });
    }

test.run();
