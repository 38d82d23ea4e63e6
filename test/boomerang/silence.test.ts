// limit: 120 s
/** Loss never passes for a filter, a filter never for loss, and neither costs anything where all is well. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { layerSources } from '../../src/boomerang/layer-source.ts';
import { type Steered, speaksOfFilter } from '../../src/boomerang/silence.ts';
import { type SurveyedHop, survey } from '../../src/boomerang/survey.ts';
import { random } from '../../src/engine/simulated/random.ts';
import { type Simulated, simulated } from '../../src/engine/simulated/simulated.ts';
import { type Asking, openAsk } from '../../src/probe/ask.ts';
import { question } from '../../src/probe/question.ts';
import { newRun } from '../../src/probe/run.ts';
import { type Behaviour, PLAIN } from '../../src/topology/behaviour.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import { addressesOf } from '../../src/topology/lookup.ts';
import type { Profile, Topology } from '../../src/topology/topology.ts';
import { fixture } from '../lab/raised.ts';
import { FLOW } from '../trace/networks.ts';

/** `0 . 2 .|0 . 2 .`: flows that were heard, round by round. */
const rounds = (text: string): Steered[] =>
  text.split('|').flatMap((round) =>
    round
      .trim()
      .split(/ +/)
      .map((word, flow) => ({ flow, heard: word !== '.' })),
  );

const ALL = '0 1 2 3 4 5 6 7 8 9 a b';
const NONE = '. . . . . . . . . . . .';

test('answers of all flows speak of a filter, also where a router tells no more after some', () => {
  assert.is(speaksOfFilter(rounds([ALL, ALL, ALL, ALL].join('|'))), true);
  assert.is(speaksOfFilter(rounds(['0 1 2 3 4 5 . . . . . .', NONE, NONE, NONE].join('|'))), true);
  assert.is(speaksOfFilter(rounds(['0 1 2 3 4 5 . . . . . .', NONE, '. . . . 4 . . . . . . .', NONE].join('|'))), true);
  assert.is(speaksOfFilter(rounds(['0 . . . . . . . . . . .', NONE, NONE, NONE].join('|'))), true);
});

test('a loss here and there changes nothing', () => {
  const lossy = ['0 1 . 3 4 5 6 7 8 . a b', '0 1 2 3 . 5 6 7 8 9 a .', ALL, '. 1 2 3 4 5 6 7 8 9 a b'];
  assert.is(speaksOfFilter(rounds(lossy.join('|'))), true);
});

test('silence forward too, or flows whose answers never come, speak of loss', () => {
  assert.is(speaksOfFilter(rounds([NONE, NONE, NONE, NONE].join('|'))), false);
  const half = '0 . 2 . . 5 . . 8 9 . b';
  assert.is(speaksOfFilter(rounds([half, half, half, half].join('|'))), false);
  assert.is(speaksOfFilter(rounds(['0 . 2 . . 5 . . . . . .', NONE, NONE, NONE].join('|'))), false);
});

interface Network {
  readonly topology: Topology;
  readonly seed: number;
  readonly family: 4 | 6;
}

const OPTIONS = { flow: FLOW, landing: 'ipip', timeoutNs: 3e9, rttNs: 1e6 } as const;

/** Over loopback addresses, with all sources to try. */
async function surveyed(
  network: Network,
  nodes: readonly string[],
  fault: Partial<Fault> | null,
  where: readonly [string, string] | null,
  tries = true,
  before: (engine: Simulated, asking: Asking) => Promise<void> = async () => {},
) {
  const { topology, seed, family } = network;
  const engine = simulated(topology, { seed });
  if (fault !== null && where !== null) engine.fault(where[0], where[1], { ...NO_FAULT, ...fault });
  const chance = random(seed + 1);
  const asking = openAsk(
    engine,
    newRun((length) => Uint8Array.from({ length }, () => chance.word() & 0xff)),
  );
  const hops = nodes.map((node) => addressesOf(topology, node, family)[0]!);
  const { source: us } = await engine.route(hops[0]!);
  const second = addressesOf(topology, 'a', family).find((address) => address !== us)!;
  await before(engine, asking);
  const beganNs = engine.nowNs();
  const found: SurveyedHop[] = [];
  for await (const hop of survey(
    engine,
    asking,
    { us, hops, distance: 1, loose: false },
    { ...OPTIONS, ...(tries && { sources: layerSources(second) }) },
  ))
    found.push(hop);
  return { found, engine, tookNs: Number(engine.nowNs() - beganNs) };
}

const LINE = ['r1', 'r2', 'r3', 'd'];
const DIRECTIONS = ['a-r1 a', 'a-r1 r1', 'r1-r2 r1', 'r1-r2 r2', 'r2-r3 r2', 'r2-r3 r3', 'r3-d r3', 'r3-d d'].map((text) =>
  text.split(' '),
);

const LOSSES: Readonly<Record<string, Partial<Fault>>> = {
  'every packet': { blackhole: true },
  'one packet in ten': { exact: { lost: 1, of: 10 } },
  'three in ten, by chance': { loss: 0.3 },
  'one in ten, by chance': { loss: 0.1 },
  'one flow in four': { flowLoss: { lost: 1, of: 4 } },
  'one flow in two': { flowLoss: { lost: 1, of: 2 } },
  'every packet, by a wrong bit': { corrupt: 1 },
};

for (const [what, fault] of Object.entries(LOSSES))
  test(`a link that loses ${what} in one direction is swept with our own address as source`, async () => {
    const cases = fc.record({
      profile: fc.constantFrom<Profile>('lab', 'stock'),
      family: fc.constantFrom<4 | 6>(4, 6),
      where: fc.constantFrom(...DIRECTIONS),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ profile, family, where, seed }) => {
        const topology = { ...fixture('line', 'x'), profile };
        const { found } = await surveyed({ topology, seed, family }, LINE, fault, [where[0]!, where[1]!]);
        for (const { state, source, waypoints, position } of found)
          assert.equal([state, source.kind, waypoints.length], ['visited', 'us', position]);
      }),
      { numRuns: 60, includeErrorInReport: true },
    );
  });

// An answer may come home by the other branch, so that one direction of a link is dead to boomerangs alone.
test('where answers have two ways home, a link that is dead on one of them is lost packets, not a filter', async () => {
  for (const family of [4, 6] as const)
    for (let seed = 1; seed <= 10; seed += 1) {
      const { found } = await surveyed({ topology: fixture('diamond', 'x'), seed, family }, ['r1', 'r2', 'r4'], { blackhole: true }, [
        'r2-r4',
        'r4',
      ]);
      assert.equal(
        found.map(({ state, source }) => [state, source.kind]),
        Array(3).fill(['visited', 'us']),
        `seed ${seed}`,
      );
    }
});

test('where all is well it costs no packet and no time', async () => {
  for (const family of [4, 6] as const) {
    const network = { topology: fixture('line', 'x'), seed: 1, family };
    const [one, all] = [await surveyed(network, LINE, null, null, false), await surveyed(network, LINE, null, null)];
    assert.ok(all.found.every(({ state, source }) => state === 'visited' && source.kind === 'us'));
    assert.equal([all.engine.counters(), all.tookNs], [one.engine.counters(), one.tookNs]);
  }
});

const filtering = (topology: Topology, at: readonly string[], part: Partial<Behaviour>): Topology => ({
  ...topology,
  nodes: topology.nodes.map((node) => (at.includes(node.name) ? { ...node, behaviour: { ...PLAIN, ...part } } : node)),
});

test('a silent hop takes a second more than the questions that were asked of it before, no more', async () => {
  const before = 3 * 150e6 + 3 * 150e6; // what is asked three times, and three times again with longer legs
  const dead = await surveyed({ topology: fixture('line', 'x'), seed: 1, family: 4 }, ['r1', 'r2'], { blackhole: true }, ['r1-r2', 'r1']);
  const filtered = await surveyed(
    { topology: filtering(fixture('line', 'x'), ['r1'], { filters: ['own-prefix'] }), seed: 1, family: 4 },
    LINE,
    null,
    null,
  );
  assert.is(filtered.found.at(-1)!.state, 'filtered');
  for (const { tookNs } of [dead, filtered]) assert.ok(tookNs > before && tookNs < before + 1e9, `${tookNs} ns`);
});

test('a filter is found in spite of random loss, and behind it no hop is asked', async () => {
  for (const family of [4, 6] as const)
    for (const profile of ['lab', 'stock'] as const) {
      const topology = filtering({ ...fixture('line', 'x'), profile }, ['r2'], { filters: ['strict-urpf'] });
      const { found } = await surveyed({ topology, seed: 3, family }, LINE, { loss: 0.05 }, ['r2-r3', 'r2']);
      assert.equal(
        found.map(({ state }) => state),
        ['visited', 'visited', 'filtered', 'filtered'],
      );
    }
});

test('behind a firewall that knows flows, a router that does not decapsulate is still found, though its refusal is dropped', async () => {
  for (const family of [4, 6] as const) {
    const tracked = filtering(fixture('line', 'x'), ['r1'], { filters: ['ct-invalid'] });
    const nodes = tracked.nodes.map((node) => (node.name === 'r3' ? { ...node, decapsulates: false } : node));
    const { found } = await surveyed({ topology: { ...tracked, nodes }, seed: 1, family }, LINE, null, null);
    assert.equal(
      found.map(({ state }) => state),
      ['visited', 'visited', 'does not decapsulate', 'visited'],
    );
  }
});

test('a router that refuses once a second and is asked at any time of that second does not decapsulate', async () => {
  const limited = filtering(fixture('line', 'x'), ['r1'], { icmpPolicer: { perSecond: 1, burst: 1 } });
  const nodes = limited.nodes.map((node) => (node.name === 'r1' ? { ...node, decapsulates: false } : node));
  const topology = { ...limited, nodes };
  for (const family of [4, 6] as const)
    for (let sinceMs = 0; sinceMs < 1000; sinceMs += 20) {
      const { found } = await surveyed({ topology, seed: 1, family }, LINE, null, null, true, async (engine, asking) => {
        const us = (await engine.route(addressesOf(topology, 'r1', family)[0]!)).source;
        const layers = [{ source: us, destination: addressesOf(topology, 'd', family)[0]!, ttl: 1 }];
        const spent = await question(engine, { layers, flow: FLOW, landing: 0 }, 0);
        for await (const seen of asking.ask([spent], { everyNs: () => 0, timeoutNs: () => 1e6, settle: 'first' }))
          assert.is(seen.kind, 'answered');
        await engine.receive(engine.nowNs() + BigInt(sinceMs) * 1_000_000n);
      });
      assert.equal(
        found.map(({ state }) => state),
        ['does not decapsulate', 'visited', 'visited', 'visited'],
        `IPv${family}, ${sinceMs} ms after its last word`,
      );
    }
});

test.run();
