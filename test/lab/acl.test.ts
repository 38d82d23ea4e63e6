/** `doctor --acl` as an operator uses it: loaded into kernels, it lets our probes be unwrapped and a stranger's not. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { COMMAND, eventsOf } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, problems } from './measured.ts';
import { stripped } from './raised.ts';

/** s is the stranger. r2 unwraps; n is a router as Linux makes them, which says that it does not know protocols 4 and 41. */
const TOPOLOGY = `
name: t_acl
nodes: { a: { vantage: true }, s: {}, r1: { decapsulates: false }, r2: {}, n: { decapsulates: false } }
links: [{ between: [a, r1] }, { between: [s, r1] }, { between: [r1, r2] }, { between: [r2, n] }]`;

/** Exit code and problems of a trace from a node over a router. */
async function traced(lab: Lab, from: string, ...argv: readonly string[]): Promise<readonly [number, string[]]> {
  const events = eventsOf(await lab.exec(from, [...COMMAND, ...argv, '-m', '3', '-t', '0.3', '--json'], { timeoutMs: 20_000 }));
  return [exitOf(events), problems(events)];
}

async function load(lab: Lab, node: string, ...argv: readonly string[]): Promise<void> {
  const printed = await lab.exec('a', [...COMMAND, 'doctor', '--acl', ...argv]);
  assert.is(printed.code, 0, printed.stderr);
  const loaded = await lab.exec(node, ['nft', '-f', '-'], { input: printed.stdout });
  assert.is(loaded.code, 0, loaded.stderr);
}

const UNWRAPPED = [0, []] as const;
const SILENT = [1, ['SILENCE']] as const;
const REFUSED = [4, ['NO_DECAPSULATION']] as const;

const reason = rootMissing();
const title = 'our probes pass the access list and a stranger’s do not, at the border and on the router itself, in both families';
if (reason) skip(title, reason);
else
  test(title, async () => {
    await using lab = await up(parseTopology(TOPOLOGY, 't_acl'));
    const over = (from: string, router: string, family: string): ReturnType<typeof traced> => traced(lab, from, family, '-s', router, 'n');
    for (const family of ['-4', '-6']) {
      assert.equal(await over('a', 'r2', family), UNWRAPPED);
      assert.equal(await over('s', 'r2', family), UNWRAPPED);
      for (const from of ['a', 's']) assert.equal(await traced(lab, from, family, '-s', 'n', 'r2'), REFUSED);
    }
    const r2 = lab.topology.nodes.find(({ name }) => name === 'r2')!;
    await load(lab, 'r1', [r2.loopback[4], r2.loopback[6]].join(','));
    await load(lab, 'n');
    for (const family of ['-4', '-6']) {
      const before = stripped(await lab.counters(), 'r2');
      assert.equal(await over('s', 'r2', family), SILENT);
      assert.is(stripped(await lab.counters(), 'r2'), before, 'r2 unwrapped a stranger’s packet');
      assert.equal(await over('a', 'r2', family), UNWRAPPED);
      assert.equal(await traced(lab, 's', family, '-s', 'n', 'r2'), SILENT);
      assert.equal(await traced(lab, 'a', family, '-s', 'n', 'r2'), REFUSED);
    }
    assert.is(
      (await lab.exec('a', ['ping', '-c', '1', '-W', '1', lab.topology.nodes.find(({ name }) => name === 'n')!.loopback[4]])).code,
      0,
    );
  });

test.run();
