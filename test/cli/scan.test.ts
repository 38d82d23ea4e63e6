/** `braceroute scan` on networks in memory: its cards, the map that it writes, and what it says where something is wrong. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ScanCommandOptions, scanCommand } from '../../src/cli/commands/scan.ts';
import { sessionOn } from '../../src/cli/session.ts';
import { simulatedNetwork } from '../../src/cli/simulated-network.ts';
import type { BeaconError } from '../../src/error.ts';
import type { Event, ScanEvent } from '../../src/report/event.ts';
import { PLAIN } from '../../src/topology/behaviour.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { parseHopMap } from '../../src/topology/hop-map.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { assertEvents } from '../report/schema.ts';
import { endOf, nameIn, of, probed, problems } from '../truth/commands.ts';
import { behaviourOf, lineOf, PARTLY } from '../truth/partly.ts';
import { eventsOf, simulated } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'beacon-scan-'));
test.after(() => rmSync(folder, { recursive: true }));
const FILE = join(folder, 'map.yaml');

const OPTIONS: ScanCommandOptions = { port: 33434, dscp: 0, timeout: 0.3, maxHops: 30, landing: 'ipip' };

type Network = ReturnType<typeof simulatedNetwork>;
type Options = Partial<ScanCommandOptions> & { readonly '4'?: true; readonly '6'?: true };

async function scanned(network: Network, hosts: readonly string[], options: Options = {}, stopAt?: (event: Event) => boolean) {
  const events: Event[] = [];
  const stop = new AbortController();
  const event = (one: Event): void => {
    events.push(one);
    if (stopAt?.(one)) stop.abort();
  };
  await sessionOn(network, scanCommand(hosts, { ...OPTIONS, ...options }), { event, close: () => {} }, stop.signal);
  return assertEvents(events.map((one) => JSON.stringify(one)));
}

const cards = (events: readonly Event[]): ScanEvent[] => of(events, 'scan');

async function refusal(network: Network, hosts: readonly string[], options: Options = {}): Promise<BeaconError> {
  try {
    await scanned(network, hosts, options);
  } catch (error) {
    return error as BeaconError;
  }
  throw new Error('taken');
}

test('each hop on the way has one card, the host too, though it is on the way to several', async () => {
  const topology = lineOf('x');
  const events = await scanned(simulatedNetwork(topology), ['r2', 'd', 'r1']);
  assert.equal(
    cards(events).map(({ address }) => nameIn(topology, address)),
    ['r1', 'r2', 'r3', 'd'],
  );
  assert.is(of(events, 'start').length, 3);
  assert.equal([endOf(events).exit, endOf(events).reached, problems(events)], [0, true, []]);
});

test('every address that a name has is asked, once a probe has shown whose it is', async () => {
  const topology = lineOf('x');
  for (const six of [false, true]) {
    const [r1] = cards(await scanned(simulatedNetwork(topology), ['d'], six ? { '6': true } : {}));
    assert.is(r1!.addresses.length, 6); // a loopback and two links, of both families
    assert.is(r1!.decapsulates.length, 12);
    assert.ok(r1!.decapsulates.every(({ value }) => value === true));
    const [numeric] = cards(await scanned(simulatedNetwork(topology), ['d'], { numeric: true, ...(six && { '6': true }) }));
    assert.is(numeric!.addresses.length, 1);
  }
});

/** r1 with so many links beside the two of the way. */
const wide = (links: number): Topology =>
  parseTopology(
    `name: wide
nodes: { a: {vantage: true}, r1: {}, d: {}${Array.from({ length: links }, (_, i) => `, n${i}: {}`).join('')} }
links:
${['a, r1', 'r1, d', ...Array.from({ length: links }, (_, i) => `r1, n${i}`)].map((pair) => `  - { between: [${pair}] }`).join('\n')}
`,
    'wide.yaml',
  );

test('a router of many links has each of its addresses on its card, and of more than 64 it is said that some are left out', async () => {
  for (const [links, leftOut] of [
    [12, 0],
    [40, 2 * (1 + 42) - 64], // a loopback and 42 links of both families
  ] as const) {
    const events = await scanned(simulatedNetwork(wide(links)), ['r1']);
    const [r1] = cards(events);
    assert.is(r1!.addresses.length, 2 * (1 + links + 2) - leftOut);
    assert.equal(new Set(r1!.addresses.map((one) => nameIn(wide(links), one))), new Set(['r1']));
    assert.equal(problems(events), leftOut === 0 ? [] : ['ADDRESSES_LEFT_OUT']);
    if (leftOut > 0) assert.match(of(events, 'problem')[0]!.message, `: ${leftOut} of them are not asked`);
  }
});

test('a map that was written is read as it was found out, and takes probes through routers that strip in part', async () => {
  for (const one of PARTLY) {
    for (const family of [4, 6] as const) {
      const topology: Topology = {
        ...lineOf('x'),
        nodes: lineOf('x').nodes.map((node) => (one.nodes.includes(node.name) ? { ...node, behaviour: behaviourOf(one) } : node)),
      };
      const events = await scanned(simulatedNetwork(topology), ['d'], {
        writeMap: FILE,
        ...(family === 4 ? { '4': true } : { '6': true }),
      });
      const map = parseHopMap(readFileSync(FILE, 'utf8'), FILE);
      for (const card of cards(events)) {
        const written = map.get(card.address)!.decapsulates;
        const strips = written === 'none' ? [] : (written ?? []);
        assert.equal(map.get(card.address)!.hop, card.addresses);
        assert.ok(
          strips.every((address) => card.decapsulates.some((fact) => fact.address === address && fact.value === true)),
          one.title,
        );
      }
      if (cards(events).every(({ address }) => map.get(address)!.decapsulates === 'none')) {
        assert.equal([one.title, family], ['IPv4 in IPv4 alone', 6]); // no probe can show that their IPv4 addresses are the same routers'
        continue;
      }
      const table = await probed(simulatedNetwork(topology), family, { destination: 'd', map: FILE, count: 5 });
      assert.equal(
        of(table, 'tally').filter(({ sent, received }) => sent === 5 && received === 5).length > 0 && endOf(table).exit,
        0,
        `${one.title}, IPv${family}: ${problems(table)}`,
      );
    }
  }
});

test('a router that refuses at all of its addresses is written as one that strips nothing; one that is silent is left open', async () => {
  const topology = lineOf('x');
  const changed = (name: string, part: object): Topology => ({
    ...topology,
    nodes: topology.nodes.map((node) => (node.name === name ? { ...node, ...part } : node)),
  });
  const entry = async (network: Network): Promise<unknown> => {
    const [, r2] = cards(await scanned(network, ['d'], { writeMap: FILE }));
    return parseHopMap(readFileSync(FILE, 'utf8'), FILE).get(r2!.address)!.decapsulates;
  };
  assert.is(await entry(simulatedNetwork(changed('r2', { decapsulates: false }))), 'none');
  const mute = { decapsulates: false, behaviour: { ...PLAIN, icmpPolicer: { perSecond: 1, burst: 2 } } };
  assert.not.equal(await entry(simulatedNetwork(changed('r2', mute))), []);
});

test('a map that is given adds its addresses, and names its routers', async () => {
  const topology = lineOf('x');
  const loopback = topology.nodes.find(({ name }) => name === 'r2')!.loopback;
  const [, seen] = cards(await scanned(simulatedNetwork(topology), ['d'], { numeric: true }));
  writeFileSync(FILE, JSON.stringify([{ hop: seen!.address, decapsulates: [loopback[4], loopback[6]], name: 'core.example' }]));
  const [, card] = cards(await scanned(simulatedNetwork(topology), ['d'], { map: FILE }));
  assert.equal([card!.name, card!.addresses], ['core.example', [seen!.address, loopback[4], loopback[6]]]);
});

test('an end that is dead is told, and the hops before it have their cards', async () => {
  const network = simulatedNetwork(lineOf('x'));
  network.engine.fault('r3-d', null, { ...NO_FAULT, blackhole: true });
  const events = await scanned(network, ['d']);
  assert.equal([cards(events).length, problems(events), endOf(events).exit], [3, ['PATH_NOT_FOUND'], 1]);
});

test('a silent hop has no card, and that is said', async () => {
  const topology = lineOf('x');
  const nodes = topology.nodes.map((node) => (node.name === 'r2' ? { ...node, silent: true } : node));
  const events = await scanned(simulatedNetwork({ ...topology, nodes }), ['d']);
  assert.equal([cards(events).map(({ position }) => position), problems(events), endOf(events).exit], [[1, 3, 4], ['SILENT_HOP'], 5]);
});

test('an interruption leaves the cards that are known, and says of the others what is missing', async () => {
  const events = await scanned(simulatedNetwork(lineOf('x')), ['d'], { writeMap: FILE }, ({ type }) => type === 'scan');
  const [first, ...others] = cards(events);
  assert.is(first!.ttl.value, 'pipe');
  assert.is(others.length, 3);
  for (const card of others) {
    assert.ok(card.decapsulates.every(({ value }) => value === true));
    assert.equal(
      [card.ttl, card.ecn],
      [
        { value: null, why: 'interrupted' },
        { value: null, why: 'interrupted' },
      ],
    );
  }
  assert.is(parseHopMap(readFileSync(FILE, 'utf8'), FILE).get(others[2]!.address)!.name, 'd.example');
  assert.is(endOf(events).interrupted, true);
});

test('an interruption before the first card writes no map, and tells nothing for known', async () => {
  rmSync(FILE, { force: true });
  const events = await scanned(simulatedNetwork(lineOf('x')), ['d', 'r1'], { writeMap: FILE }, ({ type }) => type === 'start');
  assert.equal([of(events, 'start').length, cards(events).length, endOf(events).exit, existsSync(FILE)], [1, 0, 5, false]);
});

test('hosts that nobody knows are told before anything is sent, and a map that cannot be written at the end', async () => {
  const network = simulatedNetwork(lineOf('x'));
  assert.equal(
    [(await refusal(network, ['d', 'nowhere'])).code, network.engine.counters().links.every(({ seen }) => seen === 0)],
    ['ERR_UNKNOWN_HOST', true],
  );
  assert.match((await refusal(network, ['d', 'a'])).message, /^a is us: /);
  const error = await refusal(network, ['r1'], { writeMap: join(folder, 'none', 'map.yaml') });
  assert.is(error.code, 'ERR_FILE');
  assert.match(error.message, /^Cannot write the map to .*map\.yaml: /);
});

const PUBLIC =
  'name: public\nnodes: {a: {vantage: true, address4: 11.0.0.9}, r1: {address4: 11.0.0.1}, d: {}}\nlinks: [{between: [a, r1]}, {between: [r1, d]}]';

test('routers with public addresses are left alone until they are said to be ours', async () => {
  const network = simulatedNetwork(parseTopology(PUBLIC, 'public'));
  const error = await refusal(network, ['r1']);
  assert.is(error.code, 'ERR_USAGE');
  assert.match(error.message, /^11\.0\.0\.1 is a public address.*--i-own-this$/);
  const events = await scanned(network, ['d']); // its loopback address is one of the name's, and is not asked
  assert.not.ok(cards(events).some(({ addresses }) => addresses.includes('11.0.0.1')));
  const owned = await scanned(network, ['d'], { allow: ['11.0.0.0/8'] });
  assert.ok(cards(owned)[0]!.addresses.includes('11.0.0.1'));
});

test('the command prints a card a hop, and as events a line each', async () => {
  const { code, stdout, stderr } = await simulated('line', ['scan', 'd']);
  assert.equal([code, stderr], [0, '']);
  assert.equal(
    [...stdout.matchAll(/^Hop (\d) {2}(\S+)\.example \(/gm)].map(([, hop, name]) => `${hop} ${name}`),
    ['1 r1', '2 r2', '3 r3', '4 d'],
  );
  const events = eventsOf(await simulated('line', ['scan', 'd', '--json']));
  assert.is(cards(events).length, 4);
});

test.run();
