// limit: 120 s
/** `braceroute lab …` as a user types it: raises, lists, runs, breaks and takes down, with exit codes and messages. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attach } from '../../src/lab/attach.ts';
import { down } from '../../src/lab/down.ts';
import { braceroute, COMMAND, linesOf, type Ran } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { direction } from './raised.ts';

const ONE = 't_typed1';
const TWO = 't_typed2';
const folder = mkdtempSync(join(tmpdir(), 'beacon-'));
const topology = (name: string): string => {
  const file = join(folder, `${name}.yaml`);
  const nodes = '{a: {vantage: true}, r1: {}, d: {}}';
  writeFileSync(file, `{name: ${name}, nodes: ${nodes}, links: [{between: [a, r1]}, {between: [r1, d], id: far}]}`);
  return file;
};

const lab = (...argv: readonly string[]): Promise<Ran> => braceroute(['lab', ...argv]);
const inOne = (command: string, ...argv: readonly string[]): Promise<Ran> => lab(command, '--lab', ONE, ...argv);

const refused = async (running: Promise<Ran>, exit: number, says: RegExp): Promise<void> => {
  const { code, stderr } = await running;
  assert.is(code, exit, stderr);
  assert.is(linesOf(stderr).length, 1, stderr);
  assert.match(stderr, says);
};

const reason = rootMissing();
const rooted = (title: string, work: () => Promise<void>): void => (reason ? skip(title, reason) : test(title, work));

test.before.each(async () => {
  if (reason === null) for (const name of [ONE, TWO]) assert.is((await lab('up', topology(name))).code, 0);
});
test.after.each(async () => {
  if (reason === null) for (const name of [ONE, TWO]) await down(name).catch(() => []); // a test may have taken it down
});
test.after(() => rmSync(folder, { recursive: true }));

rooted('up says what is up and what to type next, and a name is taken once', async () => {
  await lab('down', ONE);
  const { code, stdout, stderr } = await lab('up', topology(ONE), '--profile', 'stock');
  assert.equal([code, stderr], [0, '']);
  assert.equal(linesOf(stdout), [
    `Lab ${ONE} is up: 3 nodes, 2 links, profile stock`,
    `  bin/braceroute.js lab exec --lab ${ONE} a -- bin/braceroute.js d`,
  ]);
  await refused(lab('up', topology(ONE)), 4, new RegExp(`${ONE} is up .*take it down first`));
});

rooted('an up that is interrupted takes down what it raised', async () => {
  await lab('down', ONE);
  const child = spawn(COMMAND[0]!, [...COMMAND.slice(1), 'lab', 'up', topology(ONE)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (!existsSync(`/run/beacon/${ONE}.json`)) await sleep(1);
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  assert.equal([code, said], [130, `Interrupted: lab ${ONE} is down again\n`]);
  await refused(lab('down', ONE), 2, new RegExp(`No lab ${ONE} is up: there is .*${TWO}`));
});

rooted('list tells every lab with its nodes', async () => {
  const { code, stdout } = await lab('list');
  assert.is(code, 0);
  for (const name of [ONE, TWO])
    assert.ok(
      linesOf(stdout).some((line) => new RegExp(`^${name} +lab +3 nodes, 2 links, since \\S+: a r1 d$`).test(line)),
      stdout,
    );
});

rooted('exec ends as its command ended, and passes on what it prints and its options', async () => {
  const ended = await inOne('exec', 'r1', '--', 'sh', '-c', 'ip -br link | grep -o "^to_[ad]"; echo oops >&2; exit 7');
  assert.equal(ended, { code: 7, stdout: 'to_a\nto_d\n', stderr: 'oops\n' });
  assert.match((await inOne('exec', 'a', 'cat', '/etc/hosts')).stdout, /d\.example d/);
  const traced = await inOne('exec', 'a', '--', ...COMMAND, '-n', '-c', '1', 'd');
  assert.is(traced.code, 0);
  assert.is(linesOf(traced.stdout).length, 3);
});

rooted('where two labs are up, one has to be named', async () => {
  for (const argv of [
    ['exec', 'a', '--', 'true'],
    ['fault', 'a-r1', '--down'],
  ])
    await refused(lab(...argv), 2, /More than one lab is up: say .*--lab t_typed1.*--lab t_typed2/);
});

rooted('a fault hits its own lab, link and direction, and clear mends it', async () => {
  assert.equal(await inOne('fault', 'far', '--exact', '1/2', '--direction', 'r1-d'), { code: 0, stdout: '', stderr: '' });
  const probe = (name: string): Promise<Ran> =>
    lab('exec', '--lab', name, 'a', '--', ...COMMAND, 'probe', '-p', 'a,r1,d', '-c', '20', '-t', '0.3');
  assert.is((await probe(ONE)).code, 1);
  assert.is((await probe(TWO)).code, 0);
  const counted = await attach(ONE).counters();
  assert.is(direction(counted, 'r1', 'd')!.lost, Math.floor(direction(counted, 'r1', 'd')!.seen / 2));
  assert.is(direction(counted, 'd', 'r1'), undefined);
  assert.is((await inOne('fault', 'd-r1', '--clear')).code, 0);
  assert.is((await probe(ONE)).code, 0);
});

rooted('each kind of fault is taken as it is written', async () => {
  for (const words of [
    ['--loss', '10%'],
    ['--loss', '0.1', '--duplicate'],
    ['--flow-loss', '1/4'],
    ['--corrupt', '5%'],
    ['--blackhole'],
    ['--delay', '20ms', '--jitter', '0.5', '--loss', '1%'],
    ['--rate', '10M', '--reorder', '1%', '--direction', 'r1-a'],
    ['--policer', '1000/50', '--mtu', '1400'],
    ['--down'],
    ['--clear'],
  ])
    assert.is((await inOne('fault', 'a-r1', ...words)).code, 0, words.join(' '));
});

rooted('a delay that one command asked for is there for the next, until another clears it', async () => {
  assert.equal(await inOne('fault', 'a-r1', '--delay', '5ms', '--direction', 'a-r1'), { code: 0, stdout: '', stderr: '' });
  const fastest = async (): Promise<number> => {
    const { stdout } = await inOne('exec', 'a', '--', 'ping', '-n', '-c', '5', '-i', '0.01', 'd');
    return Number(/min\/avg\/max\/mdev = ([\d.]+)\//.exec(stdout)?.[1]);
  };
  assert.ok((await fastest()) >= 5);
  assert.is((await inOne('fault', 'a-r1', '--clear')).code, 0);
  assert.ok((await fastest()) < 5);
});

rooted('what cannot be done is refused with what, which value and what to do', async () => {
  await refused(inOne('fault', 'r1-r9', '--down'), 2, /no link r1-r9: take one of a-r1, far/);
  await refused(inOne('fault', 'far'), 2, /No fault is given/);
  await refused(inOne('fault', 'far', '--down', '--loss', '1%'), 2, /--down goes with no other fault/);
  await refused(inOne('fault', 'far', '--loss', '110%'), 2, /--loss 110%/);
  await refused(inOne('fault', 'far', '--exact', '11/10'), 2, /--exact 11\/10/);
  await refused(inOne('fault', 'far', '--loss', '1%', '--direction', 'a-r1'), 2, /--direction a-r1: these are not the ends of far/);
  await refused(inOne('fault', 'far', '--loss', '1%', '--direction', 'r1'), 2, /--direction r1: name the two ends of far/);
  await refused(inOne('fault', 'far', '--down', '--direction', 'r1-d'), 2, /one carrier for both directions/);
  await refused(inOne('fault', 'far', '--delay', '20s'), 2, /--delay 20s: write milliseconds/);
  await refused(inOne('fault', 'far', '--rate', '10Mbit'), 2, /--rate 10Mbit: write bits a second/);
  await refused(inOne('fault', 'far', '--policer', '0'), 2, /--policer 0: write packets a second/);
  await refused(inOne('fault', 'far', '--mtu', '1000'), 2, /--mtu 1000: write bytes, at least 1280/);
  await refused(inOne('fault', 'far', '--mtu', '9000'), 2, /mtu 9000: give 1280 to 1500 bytes/);
  await refused(inOne('fault', 'far', '--clear', '--jitter', '1'), 2, /--clear goes with no other fault/);
  await refused(inOne('exec', 'r9', '--', 'true'), 2, /no node r9: take one of a, r1, d/);
  await refused(lab('exec', '--lab', 't_nobody', 'a', '--', 'true'), 2, /No lab t_nobody is up/);
  await refused(lab('down', 't_nobody'), 2, /t_nobody/);
});

rooted('a router is made to filter and to mark, and clear makes it as it was', async () => {
  const traced = async (): Promise<string[]> =>
    linesOf((await inOne('exec', 'a', '--', ...COMMAND, '-n', '-c', '1', '-t', '0.2', '-r', 'd')).stdout);
  const before = (await traced()).map((line) => line.split(' ').slice(0, 4).join(' '));
  assert.equal(await inOne('fault', 'r1', '--filter', 'land,ct-invalid', '--remark-dscp', '46', '--hash-policy', '3'), {
    code: 0,
    stdout: '',
    stderr: '',
  });
  assert.is.not((await traced()).map((line) => line.split(' ').slice(0, 4).join(' ')).join('\n'), before.join('\n'));
  assert.is((await inOne('fault', 'r1', '--uniform-ttl', '--accept-local', '--policer', '0')).code, 0);
  assert.is((await inOne('fault', 'r1', '--clear')).code, 0);
  assert.equal(
    (await traced()).map((line) => line.split(' ').slice(0, 4).join(' ')),
    before,
  );
});

rooted('what a router cannot be made to do is refused with what, which value and what to do', async () => {
  await refused(
    inOne('fault', 'r1', '--filter', 'land,urpf'),
    2,
    /--filter land,urpf: write some of land,own-prefix,strict-urpf,ct-invalid/,
  );
  await refused(inOne('fault', 'r1', '--remark-dscp', '64'), 2, /--remark-dscp 64: write a whole number from 0 to 63/);
  await refused(inOne('fault', 'r1', '--policer', '1/0'), 2, /--policer 1\/0: write packets a second/);
  await refused(inOne('fault', 'r1', '--loss', '1%'), 2, /--loss is for a link, and r1 is a node/);
  await refused(inOne('fault', 'far', '--uniform-ttl'), 2, /--uniform-ttl is for a router, and far is none/);
  await refused(inOne('fault', 'r1'), 2, /Nothing is asked of r1/);
  await refused(inOne('fault', 'r1', '--clear', '--accept-local'), 2, /--clear goes with no other/);
  await refused(inOne('fault', 'a', '--accept-local'), 2, /a is the vantage/);
});

rooted('down takes down the one that is named, and nothing else', async () => {
  assert.equal(await lab('down', ONE), { code: 0, stdout: `Down: ${ONE}\n`, stderr: '' });
  const { stdout } = await lab('list');
  assert.not.match(stdout, new RegExp(`^${ONE} `, 'm'));
  assert.match(stdout, new RegExp(`^${TWO} `, 'm'));
});

test.run();
