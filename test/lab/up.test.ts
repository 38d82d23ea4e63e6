/** A lab rises, is found by others, and leaves nothing; the host's own network never changes. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attach } from '../../src/lab/attach.ts';
import { down } from '../../src/lab/down.ts';
import { list } from '../../src/lab/list.ts';
import { up } from '../../src/lab/up.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { rootMissing, skip } from '../skip.ts';
import { direction, fixture, ping } from './raised.ts';

const reason = rootMissing();
const rooted = (title: string, work: () => Promise<void>): void => (reason ? skip(title, reason) : test(title, work));

const DIRECTORIES = ['/run/netns', '/etc/netns', '/run/beacon', '/sys/fs/bpf/beacon'];
const traces = (lab: string): string[] =>
  DIRECTORIES.filter((directory) => existsSync(directory)).flatMap((directory) =>
    readdirSync(directory)
      .filter((name) => name === lab || name.startsWith(`${lab}.`) || name.startsWith(`beacon-${lab}-`))
      .map((name) => `${directory}/${name}`),
  );

const hostNetwork = (): string =>
  [
    'ip -o link',
    'ip -o addr',
    'ip route show table all',
    'ip -6 route show table all',
    'grep -rs . /proc/sys/net/ipv4 /proc/sys/net/ipv6; true',
  ]
    .map((command) => execFileSync('sh', ['-c', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    .map((text) => text.replaceAll(/ expires \d+sec| age \d+sec|valid_lft \d+sec|preferred_lft \d+sec/g, ''))
    .join('\n');

const thrown = (work: Promise<unknown>): Promise<{ code?: string; message: string }> =>
  work.then(
    () => ({ message: 'nothing was thrown' }),
    (error: { code?: string; message: string }) => error,
  );

rooted('37 nodes and 81 links rise in under 5 s, and go', async () => {
  const topology = fixture('big', 'big');
  assert.equal([topology.nodes.length, topology.links.length], [37, 81]);
  const started = performance.now();
  const lab = await up(topology);
  const seconds = (performance.now() - started) / 1000;
  console.log(`up in ${seconds.toFixed(2)} s`);
  assert.ok(seconds < 5, `${seconds} s`);
  for (const { name, loopback } of topology.nodes.slice(1))
    for (const family of [4, 6] as const) assert.is((await ping(lab, 'a', loopback[family], 1)).received, 1, name);
  await lab.down();
  assert.equal(traces('t_big'), []);
});

rooted('the network of the host is the same before, while and after a lab is up', async () => {
  const before = hostNetwork();
  const lab = await up(fixture('demo', 'host', { profile: 'stock' }));
  assert.is(hostNetwork(), before);
  await lab.down();
  assert.is(hostNetwork(), before);
});

rooted('a lab that is up is listed, and another process can use it and take it down', async () => {
  const { topology } = await up(fixture('line', 'list'));
  const listed = list().find(({ name }) => name === 't_list')!;
  assert.equal(
    { ...listed, since: null },
    { name: 't_list', phase: 'up', profile: 'lab', nodes: ['a', 'r1', 'r2', 'r3', 'd'], links: 4, dead: [], since: null, pid: process.pid },
  );
  const lab = attach('t_list');
  assert.equal(lab.topology, topology);
  assert.equal(await lab.exec('r1', ['sh', '-c', 'cat; echo $WORD >&2; exit 7'], { input: 'read', env: { WORD: 'said' } }), {
    code: 7,
    stdout: 'read',
    stderr: 'said\n',
  });
  assert.equal(await down('t_list'), ['t_list']);
  assert.equal(traces('t_list'), []);
  await lab.down(); // again is no mistake
});

rooted('two labs with the same addresses do not meet', async () => {
  await using one = await up(fixture('line', 'one'));
  await using two = await up(fixture('line', 'two'));
  await one.fault('r1-r2', 'r1', { ...NO_FAULT, blackhole: true });
  assert.is((await ping(one, 'a', '10.255.0.5', 5)).received, 0);
  assert.is((await ping(two, 'a', '10.255.0.5', 5)).received, 5);
  assert.is(direction(await one.counters(), 'r1', 'r2')?.lost, 5);
  assert.equal((await two.counters()).links, []);
});

rooted('of two that raise the same lab at once, one is told that it is up', async () => {
  const both = await Promise.allSettled([up(fixture('line', 'race')), up(fixture('line', 'race'))]);
  const [failed] = both.filter((one) => one.status === 'rejected');
  assert.is(both.filter((one) => one.status === 'fulfilled').length, 1);
  assert.match(`${failed?.reason}`, /Lab t_race is up since .*take it down first/);
  assert.is((await ping(attach('t_race'), 'a', '10.255.0.5', 1)).received, 1);
  await down('t_race');
});

rooted('an up that fails takes down what it made, and says which line failed', async () => {
  const topology = fixture('line', 'fails');
  const [first, ...others] = topology.links;
  const { code, message } = await thrown(up({ ...topology, links: [{ ...first!, mtu: 1_000_000 }, ...others] }));
  assert.is(code, 'ERR_LAB');
  assert.match(message, /at: link add name to_r1 .* mtu 1000000 netns beacon-t_fails-a/);
  assert.equal(traces('t_fails'), []);
});

rooted('a lab that is not there is a usage error that lists those that are', async () => {
  await using _lab = await up(fixture('line', 'there'));
  const { code, message } = await thrown(down('t_nowhere'));
  assert.is(code, 'ERR_USAGE');
  assert.match(message, /No lab t_nowhere is up: there is .*t_there/);
  assert.throws(() => attach('t_nowhere'), /No lab t_nowhere is up/);
  assert.throws(() => _lab.namespaceOf('r9'), /no node r9: take one of a, r1/);
});

rooted('down ends what still runs on the nodes', async () => {
  const lab = await up(fixture('line', 'runs'));
  const sleeping = lab.exec('r1', ['sleep', '100']);
  const stubborn = lab.exec('r2', ['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done']);
  await sleep(100);
  await lab.down();
  assert.is((await sleeping).code, null);
  assert.is((await stubborn).code, null);
});

const RAISE_BIG = `import { up } from './src/lab/up.ts'; import { fixture } from './test/lab/raised.ts'; up(fixture('big', 'kill'));`;

for (const afterMs of [1, 60, 200, 350])
  rooted(`what a process killed ${afterMs} ms into its up left is listed as broken, and goes`, async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', RAISE_BIG], { stdio: 'inherit' });
    while (!existsSync('/run/beacon/t_kill.json')) await sleep(1);
    await sleep(afterMs);
    assert.is(list().find(({ name }) => name === 't_kill')?.phase, 'rising');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.is(list().find(({ name }) => name === 't_kill')?.phase, 'broken');
    await down('t_kill');
    assert.equal(traces('t_kill'), []);
    await sleep(100);
    assert.equal(traces('t_kill'), [], 'nothing that outlived the process made anything after');
  });

rooted('an up clears away what a killed one of the same name left', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', RAISE_BIG], { stdio: 'inherit' });
  while (!existsSync('/run/netns/beacon-t_kill-d')) await sleep(1);
  child.kill('SIGKILL');
  await using lab = await up(fixture('line', 'kill'));
  assert.is((await ping(lab, 'a', '10.255.0.5', 3)).received, 3);
});

rooted('nothing of all these labs is left', async () => {
  assert.equal(
    list().filter(({ name }) => name.startsWith('t_')),
    [],
  );
  assert.equal(
    DIRECTORIES.slice(1).filter((directory) => existsSync(directory) && list().length === 0),
    [],
  );
});

test.run();
