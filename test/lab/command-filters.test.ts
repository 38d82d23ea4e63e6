// limit: 120 s
/** Probe tables behind real kernels that filter: another source that passes, or unknown; never a loss. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { type Behaviour, PLAIN } from '../../src/topology/behaviour.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { of } from '../cli/command.ts';
import { exitOf, problems, run, runJson, tallies } from './measured.ts';
import { assertClean, assertSums, BOTH, fault, inLab, OVER_LINE } from './tables.ts';

const HOPS = ['r1', 'r2', 'r3', 'd'];
const COUNT = 10;

const named = (topology: Topology): Topology => ({ ...topology, name: 't_sources' });
const behaving =
  (at: readonly string[], part: Partial<Behaviour>, all: Partial<Behaviour> = {}) =>
  (topology: Topology): Topology => ({
    ...named(topology),
    nodes: topology.nodes.map((node) =>
      node.vantage ? node : { ...node, behaviour: { ...PLAIN, ...all, ...(at.includes(node.name) ? part : {}) } },
    ),
  });

const probed = (lab: Lab, family: 4 | 6, argv: readonly string[]) =>
  runJson(lab, ['probe', ...OVER_LINE, '-t', '0.2', '-c', `${COUNT}`, `-${family}`, ...argv]);

/** `rows`: what each position's row says, `us` to `previous`, or that it is filtered. */
async function assertRows(lab: Lab, family: 4 | 6, rows: string, argv: readonly string[] = []): Promise<void> {
  const events = await probed(lab, family, argv);
  const seen = tallies(events).map(({ state, layerSource }) => layerSource ?? state);
  assert.is(seen.join(' '), rows, `IPv${family} ${argv}`);
  const measured = tallies(events).filter(({ state }) => state === 'visited');
  assertSums(measured, COUNT);
  assert.equal(
    tallies(events).map(({ sent, received, lost, loss }) => [sent - received, lost, loss]),
    tallies(events).map(({ state }) => [0, 0, state === 'visited' ? 0 : null]),
  );
  const kinds = rows.split(' ');
  const before = [argv.length > 0 ? kinds[0]! : 'us', ...kinds];
  const said = kinds.flatMap((kind, index) => (kind === 'filtered' ? ['FILTERED'] : kind === before[index] ? [] : ['LAYER_SOURCE']));
  assert.equal(problems(events), said);
  assert.equal([exitOf(events), of(events, 'end')[0]!.reached], kinds.includes('filtered') ? [5, false] : [0, true]);
}

inLab(
  'routers that drop packets from an address to itself: our second address passes, and each alone says so',
  'line',
  async (lab) => {
    for (const family of BOTH) await assertRows(lab, family, 'second second second second');
    await assertRows(lab, 4, 'second second second second', ['--layer-source', 'second', '--landing', 'udp']);
    await assertRows(lab, 6, 'waypoint waypoint waypoint waypoint', ['--layer-source', 'waypoint']);
    const { code, stdout, stderr } = await run(lab, ['probe', ...OVER_LINE, '-c', '5', '--layer-source', 'us']);
    assert.is(code, 5);
    assert.match(stdout, /^2 +10\.255\.0\.3 +unknown \(filter\)$/m);
    assert.match(stderr, /^braceroute: 10\.255\.0\.2: unknown \(filter: source check at 10\.255\.0\.2 or on the way home from it\)/m);
  },
  behaving(HOPS, { filters: ['land'] }),
);

inLab(
  'a border that drops our own prefix from outside: unknown behind it where routers refuse their own addresses too',
  'line',
  async (lab) => {
    await assertRows(lab, 4, 'us us filtered filtered');
    await assertRows(lab, 6, 'us us previous previous');
  },
  behaving(['r2'], { filters: ['own-prefix'] }),
);

inLab(
  'with accept_local the addresses of the hops before pass that border',
  'line',
  async (lab) => {
    await assertRows(lab, 4, 'us us previous previous');
    await assertRows(lab, 6, 'previous previous previous previous', ['--layer-source', 'previous']);
  },
  behaving(['r2'], { filters: ['own-prefix'], acceptLocal: true }, { acceptLocal: true }),
);

inLab(
  'strict reverse path checks: unknown behind the first hop, and nothing is said to be lost',
  'line',
  async (lab) => {
    for (const family of BOTH) await assertRows(lab, family, 'us filtered filtered filtered');
  },
  behaving(HOPS, { filters: ['strict-urpf'] }),
);

inLab(
  'out of the box routers refuse their own addresses as source over IPv4, and that is a filter too',
  'line',
  async (lab) => {
    await assertRows(lab, 4, 'filtered filtered filtered filtered', ['--layer-source', 'previous']);
    await assertRows(lab, 6, 'previous previous previous previous', ['--layer-source', 'previous']);
  },
  named,
);

inLab(
  'a firewall that knows flows lets boomerangs through',
  'line',
  async (lab) => {
    for (const family of BOTH) assertClean(await probed(lab, family, []), COUNT);
  },
  behaving(HOPS, { filters: ['ct-invalid'] }),
);

inLab(
  'a way home that is dead is loss, and no source is blamed',
  'line',
  async (lab) => {
    for (const family of BOTH) {
      await lab.fault('r2-r3', 'r3', fault({ blackhole: true }));
      const events = await probed(lab, family, []);
      assert.equal(
        tallies(events).map(({ state, layerSource, lost }) => [state, layerSource, lost]),
        [0, 0, COUNT, COUNT].map((lost) => ['visited', 'us', lost]),
      );
      assert.equal([problems(events), exitOf(events)], [[], 1]);
      await lab.fault('r2-r3', null, 'clear');
    }
  },
  named,
);

inLab(
  'a reverse trace that does not come home says with which source it would',
  'line',
  async (lab) => {
    for (const family of BOTH) {
      const closed = await runJson(lab, ['-r', 'd', '-t', '0.3', `-${family}`]);
      assert.equal([problems(closed), exitOf(closed)], [['LAYER_SOURCE'], 5]);
    }
    const open = await runJson(lab, ['-r', 'd', '-t', '0.3', '--layer-source', 'second']);
    assert.equal([problems(open), exitOf(open), of(open, 'hop').length], [[], 0, 5]);
  },
  behaving(['r2'], { filters: ['land'] }),
);

test.run();
