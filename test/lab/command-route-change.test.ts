// limit: 90 s
/** Routes of kernel routers that change while a path is probed: two tables, each of which misses what the routers lost of its packets. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { routesBatch } from '../../src/lab/wiring.ts';
import type { Event, TallyEvent } from '../../src/report/event.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Profile, Topology } from '../../src/topology/topology.ts';
import { COMMAND, eventsOf, of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { withCosts } from '../truth/changing.ts';
import { exitOf, nameIn, tallies } from './measured.ts';
import { direction } from './raised.ts';
import { BOTH, fault } from './tables.ts';

/** a — r1 — r2 — r4 — d, and r1 — r3 — r4 as a dearer way. */
const KITE = parseTopology(
  `{name: w_kite, nodes: {a: {vantage: true}, r1: {}, r2: {}, r3: {}, r4: {}, d: {}}, links: [
    {between: [a, r1]}, {between: [r1, r2]}, {between: [r1, r3], cost: 5},
    {between: [r2, r4]}, {between: [r3, r4], cost: 5}, {between: [r4, d]}]}`,
  'kite.yaml',
);
const AWAY = withCosts(KITE, { 'r1-r2': 100 });
const LIMIT_MS = 20_000;
/** The sweep lasts 2 s and more from the moment at which its path is told. */
const IN_THE_MIDDLE_MS = 700;
const SWEEP = ['-c', '400', '--rate', '800', '-t', '0.5'];

const reason = rootMissing();
const inKite = (title: string, profile: Profile, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up({ ...KITE, profile });
      await work(lab);
    });
};

/** Runs a probe with --json, and does something in the middle of its sweep. */
async function during(lab: Lab, argv: readonly string[], happens: () => Promise<void>): Promise<Event[]> {
  const child = spawn('ip', ['netns', 'exec', lab.namespaceOf('a'), ...COMMAND, 'probe', ...argv, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  const printed = { stdout: '', stderr: '' };
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  child.stderr.on('data', (chunk: Buffer) => {
    printed.stderr += chunk.toString();
  });
  await new Promise<void>((resolve) => {
    void ended.then(() => resolve());
    child.stdout.on('data', (chunk: Buffer) => {
      printed.stdout += chunk.toString();
      if (printed.stdout.includes('"type":"path"')) resolve();
    });
  });
  await sleep(IN_THE_MIDDLE_MS);
  await happens();
  return eventsOf({ code: await ended, ...printed });
}

/** What a routing protocol would do: each router's own table, over the links that are up. */
async function reroute(lab: Lab, topology: Topology, down: readonly string[] = []): Promise<void> {
  const routers = topology.nodes.filter(({ vantage }) => !vantage);
  const told = routers.map((node) => {
    const input = routesBatch(topology, node, (device) => !down.includes(`${node.name} ${device}`));
    return lab.exec(node.name, ['ip', '-batch', '-'], { input, timeoutMs: LIMIT_MS });
  });
  for (const { code, stderr } of await Promise.all(told)) assert.equal([code, stderr], [0, '']);
}

const partsOf = (events: readonly Event[]): TallyEvent[][] => [1, 2].map((part) => tallies(events).filter((row) => row.part === part));
const errorsOf = ({ errors }: TallyEvent): number => Object.values(errors).reduce((sum, count) => sum + count, 0);
const changes = (events: readonly Event[]): string[] =>
  of(events, 'problem').flatMap(({ code, message }) => (code === 'ROUTE_CHANGED' ? [message] : []));

for (const family of BOTH)
  inKite(
    `IPv${family}: a link is cut and another way is taken: each part has its path, its loss is what the routers counted`,
    'lab',
    async (lab) => {
      const tenth = fault({ exact: { lost: 1, of: 10 } });
      await lab.fault('r2-r4', 'r2', tenth);
      await lab.fault('r3-r4', 'r3', tenth);
      const events = await during(lab, ['-d', 'd', `-${family}`, ...SWEEP], async () => {
        await lab.fault('r1-r2', null, 'down');
        await reroute(lab, AWAY, ['r1 to_r2', 'r2 to_r1']);
      });
      assert.equal(
        of(events, 'path').map(({ hops }) => hops.map((hop) => nameIn(KITE, hop)).join(' ')),
        ['a r1 r2 r4 d', 'a r1 r3 r4 d'],
      );
      assert.is(changes(events).length, 1, JSON.stringify(of(events, 'problem')));
      const [before, after] = partsOf(events);
      for (const row of [...before!, ...after!])
        assert.is(row.received + row.lost + row.unknown + errorsOf(row), row.sent, JSON.stringify(row));
      assert.equal(
        before!.map(({ sent }, index) => sent + after![index]!.sent),
        [400, 400, 400, 400],
      );
      const counters = await lab.counters();
      for (const [rows, from] of [
        [before!, 'r2'],
        [after!, 'r3'],
      ] as const) {
        assert.ok(rows.slice(0, 2).every(({ lost }) => lost === 0));
        const counted = direction(counters, from, 'r4')!;
        const sum = (of: 'lost' | 'received'): number => rows.slice(2).reduce((total, row) => total + row[of], 0);
        const others = counted.seen - sum('received') - sum('lost'); // search and survey, and what was on its way when the link was cut
        const where = `${from}: ${JSON.stringify(counted)} ${JSON.stringify(rows)}`;
        assert.ok(sum('lost') > 0 && sum('lost') <= counted.lost, where);
        assert.ok(counted.lost - sum('lost') <= 2 + others / 10, where);
      }
      assert.is(exitOf(events), 1);
    },
  );

for (const family of BOTH)
  inKite(`IPv${family}: a router sends a leg another way: the intruder is named, and nothing is lost`, 'stock', async (lab) => {
    const loopback = { 4: '10.255.0.3', 6: 'fd00:255::3' }[family]; // r2's
    const onward = { 4: '10.0.2.2', 6: 'fd00:0:2::2' }[family]; // r3, on its link to r1
    const events = await during(lab, ['-p', 'a,r1,r2,r4,d', `-${family}`, ...SWEEP], async () => {
      await reroute(lab, AWAY);
      await lab.exec('r1', ['ip', `-${family}`, 'route', 'replace', loopback, 'via', onward]);
    });
    const [message] = changes(events);
    assert.match(
      message ?? JSON.stringify(events),
      /^\S+ answered time exceeded on leg 2 of probes to \S+ at \d+\.\d s: the route has changed/,
    );
    assert.is(nameIn(KITE, message!.split(' ')[0]!), 'r3');
    const [before, after] = partsOf(events);
    assert.ok([...before!, ...after!].every(({ lost }) => lost === 0));
    assert.equal(
      before!.map(({ received }) => received > 100),
      [true, true, true, true],
    );
    assert.is(after![0]!.sent + before![0]!.sent, 400);
    assert.is(after![0]!.received, after![0]!.sent);
  });

test.run();
