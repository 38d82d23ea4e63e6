// limit: 240 s
/** What a user does wrong is told in one line: what, which value, what to do; with an exit code, and as events too. No stack, ever. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertNoStack, braceroute, COMMAND, eventsOf, linesOf, of, simulated } from './command.ts';

interface Case {
  readonly argv: readonly string[];
  /** In memory; none: the command as it is typed, which fails before it needs a network. */
  readonly on?: string;
  readonly exit: number;
  readonly code: string;
  /** Each must be in the message: what, which value, what to do. */
  readonly says: readonly RegExp[];
}

const folder = mkdtempSync(join(tmpdir(), 'beacon-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const LINKS = '[{between: [a, r1], addresses4: [10.0.0.1, 10.0.0.2]}, {between: [r1, d]}]';
const NODES = 'a: {vantage: true}, r1: {address4: 10.0.0.1}, d: {}';
const TWICE = file('twice.yaml', `name: twice\nnodes: {${NODES}}\nlinks: ${LINKS}\n`);
const TINY = file(
  'tiny.yaml',
  '{name: tiny, nodes: {a: {vantage: true}, r1: {}, d: {}}, links: [{between: [a, r1], mtu: 1280}, {between: [r1, d]}]}',
);

const BAD_MAP = file('map.yaml', '- {hop: 10.0.1.2, decapsulates: none}\n- {hop: 10.0.1.2}\n');

/** 31 hops: as many headers there, one less back to the first, one to us, and one to land. */
const DEEP = ['a', ...Array.from({ length: 31 }, (_, index) => (index % 2 === 0 ? 'r1' : 'd'))].join(',');

const usage = (argv: readonly string[], ...says: readonly RegExp[]): Case => ({ argv, exit: 2, code: 'ERR_USAGE', says });
const onLine = (one: Case): Case => ({ ...one, on: 'line' });

const CASES: Readonly<Record<string, Case>> = {
  'an unknown host': {
    argv: ['nowhere.example'],
    on: 'line',
    exit: 2,
    code: 'ERR_UNKNOWN_HOST',
    says: [/"nowhere\.example"/, /check its spelling/],
  },
  'a host without an address of the family': {
    argv: ['-6', 'nowhere'],
    on: 'line',
    exit: 2,
    code: 'ERR_UNKNOWN_HOST',
    says: [/IPv6 address/, /"nowhere"/],
  },
  'an address of the other family': onLine(usage(['-6', '10.255.0.5'], /10\.255\.0\.5 is not an IPv6 address/, /leave out -6/)),
  'an uplink in a topology': onLine(usage(['--uplink', '10.0.0.2', 'd'], /--uplink/, /of the live engine/)),
  'both families': onLine(usage(['-4', '-6', 'd'], /'-4'/, /'-6'/)),
  'a map with mistakes': {
    argv: ['probe', '-d', 'd', '--map', BAD_MAP],
    on: 'line',
    exit: 2,
    code: 'ERR_FILE',
    says: [/map\.yaml:2: 10\.0\.1\.2 is an address of an earlier node too: a router has one entry/],
  },
  'a map that is not there': {
    argv: ['-s', 'r1', 'd', '--map', '/nowhere/map.yaml'],
    on: 'line',
    exit: 2,
    code: 'ERR_FILE',
    says: [/Cannot read \/nowhere\/map\.yaml/],
  },
  'no route': { argv: ['192.0.2.9'], on: 'line', exit: 4, code: 'ERR_NO_ROUTE', says: [/no route to 192\.0\.2\.9/, /\?$/] },
  'a size above the MTU': {
    argv: ['d', '--size', '1600'],
    on: 'line',
    exit: 2,
    code: 'ERR_MTU',
    says: [/1600 bytes/, /MTU of 1500 on to_r1/, /smaller --size/],
  },
  'an itinerary above the MTU': {
    argv: ['probe', '-p', DEEP],
    on: TINY,
    exit: 2,
    code: 'ERR_MTU',
    says: [/MTU of 1280 on to_r1/, /63 IPv4 headers of 20 \+ 44 .* = 1304/, /shorter path/],
  },
  'paths without any risk': onLine(usage(['paths', 'd', '--risk', '0'], /--risk/, /'0'/, /from 0\.0001% to 50%/)),
  'paths drawn in two ways': onLine(usage(['paths', 'd', '--dot', '--mermaid'], /'--dot'/, /'--mermaid'/)),
  'paths from a start that does not decapsulate': {
    argv: ['paths', '-s', 'r2', 'd'],
    on: 'nondecap',
    exit: 4,
    code: 'NO_DECAPSULATION',
    says: [/r2 does not decapsulate/],
  },
  'paths from ourselves': onLine(usage(['paths', '-s', 'a', 'd'], /a is our own address/, /leave -s/)),
  'a rate of nothing': onLine(usage(['probe', '-d', 'd', '--rate', '0'], /--rate/, /'0'/, /from 1 to 100000/)),
  'two equal addresses in a topology': {
    argv: ['d'],
    on: TWICE,
    exit: 2,
    code: 'ERR_TOPOLOGY',
    says: [/twice\.yaml:3: .*10\.0\.0\.1 was used on line 2: choose another/],
  },
  'a start that does not decapsulate': {
    argv: ['-s', 'r2', 'd'],
    on: 'nondecap',
    exit: 4,
    code: 'NO_DECAPSULATION',
    says: [/r2 does not decapsulate/, /ICMP 3\/2/],
  },
  'a start that does not decapsulate, of a probe': {
    argv: ['probe', '-s', 'r2', '-d', 'd'],
    on: 'nondecap',
    exit: 4,
    code: 'NO_DECAPSULATION',
    says: [/r2 does not decapsulate/],
  },
  'a way back from a router that does not decapsulate': {
    argv: ['-r', 'r2'],
    on: 'nondecap',
    exit: 4,
    code: 'NO_DECAPSULATION',
    says: [/r2 does not decapsulate/],
  },
  'a near miss of a command': usage(['prob'], /"prob" is not a command/, /did you mean probe\?/, /braceroute trace prob/),
  'our own address as the start': onLine(usage(['-s', 'a', 'd'], /a is our own address/, /leave -s or -r out/)),
  'the way back from ourselves': onLine(usage(['-r', '10.0.0.1'], /10\.0\.0\.1 is our own address/)),
  'our own address as the end of a probe': onLine(
    usage(['probe', '-d', 'a'], /--destination a is our own address/, /name a hop elsewhere/),
  ),
  'our own address as the end of a probe from elsewhere': onLine(
    usage(['probe', '-s', 'r1', '-d', '10.0.0.1'], /--destination 10\.0\.0\.1 is our own/),
  ),
  'a way back and a start': onLine(usage(['-r', '-s', 'r1', 'd'], /'-r, --reverse'/, /'-s, --source <host>'/)),
  'a path and its end': onLine(usage(['probe', '-p', 'a,r1', '-d', 'd'], /'-p, --path <hops>'/, /'-d, --destination <host>'/)),
  'a path of nobody': onLine(usage(['probe', '-p', '*'], /--path \*/, /at least one/)),
  'a path of us alone': onLine(usage(['probe', '-p', 'a'], /--path a/, /hops after us/)),
  'no path': onLine(usage(['probe'], /probe needs a path/, /-d/, /-p/)),
  'a count of 0': onLine(usage(['d', '-c', '0'], /--count/, /'0'/, /from 1/)),
  'a count that is no number': onLine(usage(['d', '-c', '3x'], /--count/, /'3x'/)),
  'a count with a fraction': onLine(usage(['d', '-c', '1.5'], /--count/, /'1\.5'/, /whole number/)),
  'more hops than a ttl has room for': onLine(usage(['d', '-m', '256'], /--max-hops/, /'256'/, /1 to 255/)),
  'a first hop of 0': onLine(usage(['d', '-f', '0'], /--first-hop/, /'0'/)),
  'a timeout of 0': onLine(usage(['d', '-t', '0'], /--timeout/, /'0'/)),
  'a port of 0': onLine(usage(['d', '--port', '0'], /--port/, /1 to 65535/)),
  'a DSCP of 64': onLine(usage(['d', '--dscp', '64'], /--dscp/, /0 to 63/)),
  'a loss above all': onLine(usage(['probe', '-d', 'd', '--max-loss', '200%'], /--max-loss/, /'200%'/)),
  'an unknown protocol': onLine(usage(['d', '--protocol', 'tcp'], /--protocol/, /'tcp'/, /udp, icmp/)),
  'an unknown option': onLine(usage(['d', '--frobnicate'], /'--frobnicate'/, /braceroute help/)),
  'an option that means nothing here': onLine(usage(['d', '--rate', '5'], /'--rate'/)),
  'two hosts': onLine(usage(['d', 'r1'], /too many arguments/)),
  'no host': onLine(usage(['trace'], /'host'/)),
  'a topology that is not there': {
    argv: ['d'],
    on: join(folder, 'none.yaml'),
    exit: 2,
    code: 'ERR_FILE',
    says: [/none\.yaml/, /no such file/],
  },
  'a simulation of nothing': usage(['d', '--engine', 'simulated'], /--read FILE/),
  'a topology for the real network': usage(['d', '--read', 'x.yaml'], /--read x\.yaml/, /--engine simulated/),
  'an own address that is none': usage(['d', '-a', '1.2.3'], /--address 1\.2\.3/),
  'a spray of labels over IPv4': onLine(
    usage(['spray', '-d', 'd', '--sweep', 'flow-label'], /--sweep flow-label is of IPv6/, /sweep ports or source/),
  ),
  'a spray of so many flows': usage(['spray', '-d', 'd', '--flows', '1048576'], /'1048576'/, /1 to 1048575/),
  'a lab command that is none': usage(['lab', 'bogus'], /'bogus'/),
  'a flow label over IPv4': onLine(usage(['d', '--flow-label', '7'], /--flow-label 7 is of IPv6/, /give -6/)),
  'no lab command': usage(['lab'], /lab needs a command/, /braceroute help lab/),
  'a fault of nothing': usage(['lab', 'fault'], /'place'/, /see braceroute help lab fault$/),
  'help for no command': usage(['help', 'bogus'], /no command "bogus": see braceroute help$/),
  'help for no command of the lab': usage(['help', 'lab', 'bogus'], /no command "lab bogus": see braceroute help lab$/),
  'a wrong value beside one that is called like a command': usage(
    ['--read', 'demo', '--flows', '0', 'd'],
    /'--flows <number>'/,
    /'0'/,
    /see braceroute help trace$/,
  ),
  'options before the command': usage(
    ['-n', '--rate', '5', 'probe', '-d', 'd'],
    /'--rate'/,
    /the command comes first \(braceroute probe …\)$/,
  ),
  'a folder for a topology': {
    argv: ['d'],
    on: folder,
    exit: 2,
    code: 'ERR_FILE',
    says: [/Cannot read \S+: illegal operation on a directory$/],
  },
  'a lab of a topology that is not there': {
    argv: ['lab', 'up', join(folder, 'none.yaml')],
    exit: 2,
    code: 'ERR_FILE',
    says: [/none\.yaml/],
  },
};

for (const [title, { argv, on, exit, code, says }] of Object.entries(CASES)) {
  const run = (...more: readonly string[]) => (on === undefined ? braceroute([...argv, ...more]) : simulated(on, [...argv, ...more]));

  test(`${title}: one line says what, which value and what to do`, async () => {
    const ran = await run();
    assert.is(ran.code, exit, ran.stderr);
    const lines = linesOf(ran.stderr);
    assert.is(lines.length, 1, ran.stderr);
    assert.match(lines[0]!, /^braceroute: /);
    for (const pattern of says) assert.match(lines[0]!, pattern);
    assertNoStack(ran.stderr + ran.stdout);
  });

  if (argv[0] === 'lab' || argv[0] === 'help') continue; // these tell nothing as events
  test(`${title}: as events a problem, then one end`, async () => {
    const events = eventsOf(await run('--json'));
    const [problem, end] = events.slice(-2);
    assert.equal([problem?.type, end?.type], ['problem', 'end']);
    assert.equal(
      of(events, 'problem').map((one) => one.code),
      [code],
    );
    assert.is(of(events, 'end')[0]!.exit, exit);
    for (const pattern of says) assert.match(of(events, 'problem')[0]!.message, pattern);
  });
}

test('all mistakes of a topology are told at once, each with its line', async () => {
  const text = 'name: x\nnodes:\n  a: {vantage: true}\n  r1: {speed: 3}\n  d: {}\nlinks:\n  - {between: [a, r1]}\n  - {between: [r1, e]}\n';
  const { code, stderr } = await simulated(file('mistakes.yaml', text), ['d']);
  assert.is(code, 2);
  assert.match(stderr, /mistakes\.yaml:4: .*speed/);
  assert.match(stderr, /mistakes\.yaml:8: .*e\b/);
  assertNoStack(stderr);
});

test('without words the help is printed, and that is wrong usage', async () => {
  const { code, stdout } = await braceroute([]);
  assert.is(code, 2);
  assert.match(stdout, /^Usage: braceroute /);
  assert.is((await braceroute(['--help'])).code, 0);
  assert.match((await braceroute(['help', 'probe'])).stdout, /^Usage: braceroute probe /);
  assert.match((await braceroute(['help', 'lab', 'fault'])).stdout, /^Usage: braceroute lab fault /);
  assert.match((await braceroute(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('a path that does not start at us is taken, with us in front, and that is said', async () => {
  const { code, stdout, stderr } = await simulated('line', ['probe', '-p', 'r1,r2', '-c', '3']);
  assert.is(code, 0);
  assert.is(stderr, 'braceroute: The path does not start at us: 10.0.0.1 is put in front\n');
  assert.is(linesOf(stdout)[0], '[10.0.0.1 10.255.0.2 10.255.0.3]');
});

test('a host with the name of a near miss is reached by saying trace', async () => {
  const topology = file('prob.yaml', '{name: prob, nodes: {a: {vantage: true}, prob: {}}, links: [{between: [a, prob]}]}');
  assert.is((await simulated(topology, ['trace', 'prob'])).code, 0);
});

test('a reader that has seen enough ends the command quietly', async () => {
  const argv = [
    'probe',
    '-d',
    'd',
    '-c',
    '20000',
    '--rate',
    '100k',
    '--json',
    '--engine',
    'simulated',
    '--read',
    'fixtures/topologies/line.yaml',
  ];
  const child = spawn(COMMAND[0]!, [...COMMAND.slice(1), ...argv], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 20_000 });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  child.stdout.once('data', () => child.stdout.destroy());
  const [code, signal] = await once(child, 'close');
  assert.equal([code, signal, complaint], [0, null, '']);
});

/** Somebody without privileges; where we are root another process becomes one. */
const asNobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

test('without the privilege for raw packets it is said who has it, exit 3', async () => {
  const { code, stdout, stderr } = await braceroute(['127.0.0.1'], asNobody);
  assert.equal([code, stdout], [3, '']);
  assert.match(stderr, /^braceroute: Raw packets need CAP_NET_RAW .*run it as root/);
  assertNoStack(stderr);
  const events = eventsOf(await braceroute(['127.0.0.1', '--json'], asNobody));
  assert.equal(
    events.map(({ type }) => type),
    ['problem', 'end'],
  );
});

test('without root no lab is raised or taken down, exit 3', async () => {
  for (const argv of [
    ['up', 'line'],
    ['down', 't_none'],
  ]) {
    const { code, stderr } = await braceroute(['lab', ...argv], asNobody);
    assert.is(code, 3);
    assert.match(stderr, /needs root/);
    assertNoStack(stderr);
  }
});

test.after(() => rmSync(folder, { recursive: true }));
test.run();
