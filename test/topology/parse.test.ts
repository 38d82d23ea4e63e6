/** Topology files: what they mean, and every mistake at once with its line. */
import { readdirSync, readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BeaconError } from '../../src/error.ts';
import { parseTopology } from '../../src/topology/parse.ts';

const FOLDER = 'fixtures/topologies';
const fixtures = readdirSync(FOLDER).map((file) => ({ file, topology: parseTopology(readFileSync(`${FOLDER}/${file}`, 'utf8'), file) }));

function mistakesOf(text: string): string[] {
  try {
    parseTopology(text, 'x.yaml');
  } catch (error) {
    assert.instance(error, BeaconError);
    assert.is((error as BeaconError).code, 'ERR_TOPOLOGY');
    return (error as BeaconError).message.split('\n');
  }
  return [];
}

const SMALL = '{name: t, nodes: {a: {vantage: true}, r1: {}}, links: [{between: [a, r1]}]}';

test('the fixtures that others count on are there, each called like its file, with a as vantage and d as the far end', () => {
  const wanted = ['asymmetric', 'big', 'clos', 'demo', 'diamond', 'ecmp4', 'line', 'nondecap', 'silent', 'uplinks'];
  assert.equal(
    fixtures.map(({ topology }) => topology.name).filter((name) => wanted.includes(name)),
    wanted,
  );
  for (const { file, topology } of fixtures) {
    assert.is(`${topology.name}.yaml`, file);
    assert.equal(
      topology.nodes.filter(({ vantage }) => vantage).map(({ name }) => name),
      ['a'],
    );
    assert.ok(
      topology.nodes.some(({ name }) => name === 'd'),
      `${file} has a d`,
    );
  }
});

test('big has 37 nodes and 81 links', () => {
  const { nodes, links } = fixtures.find(({ file }) => file === 'big.yaml')!.topology;
  assert.equal([nodes.length, links.length], [37, 81]);
});

test('addresses that the file leaves open follow the order of its nodes and links', () => {
  const line = fixtures.find(({ file }) => file === 'line.yaml')!.topology;
  assert.equal(
    line.nodes.map(({ loopback }) => loopback[4]),
    ['10.255.0.1', '10.255.0.2', '10.255.0.3', '10.255.0.4', '10.255.0.5'],
  );
  assert.equal(line.nodes[4]!.loopback[6], 'fd00:255::5');
  assert.equal(
    line.links.map(({ ends }) => ends.map(({ addresses }) => addresses[4]).join(' ')),
    ['10.0.0.1 10.0.0.2', '10.0.1.1 10.0.1.2', '10.0.2.1 10.0.2.2', '10.0.3.1 10.0.3.2'],
  );
  assert.equal(
    line.links.map(({ ends }) => ends[1].addresses[6]),
    ['fd00::2', 'fd00:0:1::2', 'fd00:0:2::2', 'fd00:0:3::2'],
  );
});

test('no address occurs twice, and every one is an address', () => {
  for (const { topology } of fixtures) {
    const holders = [
      ...topology.nodes.map(({ loopback }) => loopback),
      ...topology.links.flatMap(({ ends }) => ends.map(({ addresses }) => addresses)),
    ];
    const all = holders.flatMap((addresses) => [addresses[4], addresses[6]]);
    assert.is(new Set(all).size, all.length);
    assert.ok(holders.every((addresses) => isIPv4(addresses[4]) && isIPv6(addresses[6])));
  }
});

test('defaults: profile lab, routers decapsulate, cost 1, no delay, an MTU of 1500', () => {
  const { profile, nodes, links } = parseTopology(SMALL, 't');
  assert.is(profile, 'lab');
  assert.equal(
    nodes.map(({ decapsulates, silent, source }) => ({ decapsulates, silent, source })),
    [
      { decapsulates: false, silent: false, source: 'link' },
      { decapsulates: true, silent: false, source: 'link' },
    ],
  );
  const { id, delayMs, jitterMs, mtu, ends } = links[0]!;
  assert.equal({ id, delayMs, jitterMs, mtu }, { id: 'a-r1', delayMs: 0, jitterMs: 0, mtu: 1500 });
  assert.equal(
    ends.map((end) => [end.node, end.interface, end.cost]),
    [
      ['a', 'to_r1', 1],
      ['r1', 'to_a', 1],
    ],
  );
});

test('every option of the file arrives', () => {
  const topology = parseTopology(
    `name: t
profile: stock
nodes:
  a: {vantage: true, source: loopback, address4: 192.0.2.1, address6: "2001:DB8::1"}
  r1: {decapsulates: false, silent: true, filters: [land, ct-invalid], acceptLocal: true, hashPolicy: 3, remarkDscp: 46, icmpPolicer: 1/6}
  r2: {decapsulatesFor: [r1], decapsulatesAt: loopback, decapsulatesKinds: [6in6, 4in4], decapsulatesLayers: 2, uniformTtl: true, icmpPolicer: 0}
links:
  - {between: [r1, r2]}
  - {between: [a, r1], cost: 3, costBack: 4, delayMs: 1.5, jitterMs: 0.5, mtu: 1400, id: up, addresses4: [192.0.2.6, 192.0.2.5], addresses6: ["2001:db8::11", "2001:db8::12"]}
`,
    't',
  );
  const quiet = { vantage: false, decapsulates: true, decapsulatesFor: [], silent: false, source: 'link' };
  const plain = {
    decapsulation: { at: 'any', kinds: ['4in4', '6in6', '4in6', '6in4'], layers: 8 },
    filters: [],
    acceptLocal: false,
    uniformTtl: false,
    hashPolicy: 1,
    remarkDscp: null,
    icmpPolicer: null,
  };
  assert.equal([topology.name, topology.profile], ['t', 'stock']);
  assert.equal(topology.nodes, [
    {
      name: 'a',
      vantage: true,
      decapsulates: false,
      decapsulatesFor: [],
      silent: false,
      source: 'loopback',
      behaviour: plain,
      loopback: { 4: '192.0.2.1', 6: '2001:db8::1' },
    },
    {
      ...quiet,
      name: 'r1',
      decapsulates: false,
      silent: true,
      behaviour: {
        ...plain,
        filters: ['land', 'ct-invalid'],
        acceptLocal: true,
        hashPolicy: 3,
        remarkDscp: 46,
        icmpPolicer: { perSecond: 1, burst: 6 },
      },
      loopback: { 4: '10.255.0.1', 6: 'fd00:255::1' },
    },
    {
      ...quiet,
      name: 'r2',
      decapsulatesFor: ['r1'],
      behaviour: {
        ...plain,
        decapsulation: { at: 'loopback', kinds: ['6in6', '4in4'], layers: 2 },
        uniformTtl: true,
        icmpPolicer: { perSecond: 0, burst: 1 },
      },
      loopback: { 4: '10.255.0.2', 6: 'fd00:255::2' },
    },
  ]);
  assert.equal(topology.links[1], {
    id: 'up',
    ends: [
      { node: 'a', interface: 'to_r1', addresses: { 4: '192.0.2.6', 6: '2001:db8::11' }, cost: 3 },
      { node: 'r1', interface: 'to_a', addresses: { 4: '192.0.2.5', 6: '2001:db8::12' }, cost: 4 },
    ],
    delayMs: 1.5,
    jitterMs: 0.5,
    mtu: 1400,
  });
});

test('costBack is cost where it is left out', () => {
  const { links } = parseTopology(SMALL.replace('[a, r1]', '[a, r1], cost: 7'), 't');
  assert.equal(
    links[0]!.ends.map(({ cost }) => cost),
    [7, 7],
  );
});

test('parallel links get their own ids and interfaces, whichever way round they are written', () => {
  const { links } = parseTopology(SMALL.replace('links: [', 'links: [{between: [r1, a]}, {between: [a, r1]}, '), 't');
  assert.equal(
    links.map(({ id, ends }) => `${id} ${ends[0].interface} ${ends[1].interface}`),
    ['r1-a to_a to_r1', 'a-r1-2 t2_r1 t2_a', 'a-r1-3 t3_r1 t3_a'],
  );
});

test('an address or id that the file uses is not given to another', () => {
  const { nodes, links } = parseTopology(
    '{name: t, nodes: {a: {vantage: true}, r1: {address4: 10.255.0.1}, r2: {}}, links: [{between: [a, r1]}, {between: [a, r2], id: a-r1, addresses4: [10.0.0.1, 10.0.0.2]}]}',
    't',
  );
  assert.equal(
    nodes.map(({ loopback }) => loopback[4]),
    ['10.255.0.2', '10.255.0.1', '10.255.0.3'],
  );
  assert.equal(
    links.map(({ ends }) => ends[0].addresses[4]),
    ['10.0.1.1', '10.0.0.1'],
  );
  assert.is(new Set(links.map(({ id }) => id)).size, 2);
});

test('a node may be called like a number or a truth value', () => {
  const { nodes } = parseTopology(
    '{name: 1e3, nodes: {0x1: {vantage: true}, true: {}, null: }, links: [{between: [0x1, true]}, {between: [true, null]}]}',
    't',
  );
  assert.equal(
    nodes.map(({ name }) => name),
    ['0x1', 'true', 'null'],
  );
});

test('all mistakes come at once, in the order of their lines', () => {
  const mistakes = mistakesOf(`name: Name With Spaces
profil: lab
nodes:
  a: {vantage: true}
  b: {vantage: true}
  R9: {}
  r1: {decapsulate: false, silent: maybe}
  r2: {address4: 10.1.1}
links:
  - {between: [a, b], cost: 0}
  - {between: [a, r3], mtu: 1000}
  - {between: [r1, r1], delay: 4}
  - {cost: 1.5}
`);
  const expected = [
    [1, /Name With Spaces/],
    [2, /profil: unknown key \(did you mean profile\?\)/],
    [5, /node b: a second vantage beside a/],
    [6, /node R9/],
    [7, /decapsulate: unknown key \(did you mean decapsulates\?\)/],
    [7, /silent: write true or false, got maybe/],
    [8, /address4: write a unicast IPv4 address, got 10\.1\.1/],
    [10, /cost: write an integer from 1 to 65535, got 0/],
    [11, /mtu: write an integer from 1280 to 65535, got 1000/],
    [11, /r3 is no node \(did you mean/],
    [12, /delay: unknown key/],
    [12, /r1 is joined to itself/],
    [13, /between is missing/],
    [13, /cost: write an integer from 1 to 65535, got 1\.5/],
  ] as const;
  assert.is(mistakes.length, expected.length, mistakes.join('\n'));
  for (const [i, [line, text]] of expected.entries()) {
    assert.ok(mistakes[i]!.startsWith(`x.yaml:${line}: `), mistakes[i]);
    assert.match(mistakes[i]!, text);
  }
});

const ONE_MISTAKE: [what: string, text: string, message: RegExp][] = [
  ['nothing at all', '', /x\.yaml:1: a topology is a map/],
  ['a list', '[1]', /x\.yaml:1: a topology is a map with name, nodes and links, got a list/],
  ['broken YAML', 'name: t\nnodes: {a: {\n', /x\.yaml:\d: /],
  ['no vantage', SMALL.replace('vantage: true', ''), /no vantage/],
  [
    'a vantage that decapsulates',
    SMALL.replace('vantage: true', 'vantage: true, decapsulates: true'),
    /node a: the vantage neither decapsulates/,
  ],
  ['a vantage with a filter', SMALL.replace('vantage: true', 'vantage: true, filters: [land]'), /node a: .*remove filters/],
  [
    'how a node decapsulates that does not',
    SMALL.replace('r1: {}', 'r1: {decapsulates: false, decapsulatesAt: loopback}'),
    /node r1: .*remove decapsulatesAt/,
  ],
  ['decapsulation for a stranger', SMALL.replace('r1: {}', 'r1: {decapsulatesFor: [r7]}'), /decapsulatesFor: r7 is no node/],
  ['decapsulation for itself', SMALL.replace('r1: {}', 'r1: {decapsulatesFor: [r1]}'), /decapsulatesFor: r1 is itself: name others/],
  ['an unknown filter', SMALL.replace('r1: {}', 'r1: {filters: [land, urpf]}'), /filters: write land or own-prefix or .*, got urpf/],
  ['a filter twice', SMALL.replace('r1: {}', 'r1: {filters: [land, land]}'), /filters: land stands twice/],
  ['one filter without its list', SMALL.replace('r1: {}', 'r1: {filters: land}'), /filters: write a list such as \[land\], got land/],
  ['nine layers', SMALL.replace('r1: {}', 'r1: {decapsulatesLayers: 9}'), /decapsulatesLayers: write an integer from 1 to 8, got 9/],
  ['an unknown nesting', SMALL.replace('r1: {}', 'r1: {decapsulatesKinds: [5in4]}'), /decapsulatesKinds: write 4in4 or .*, got 5in4/],
  ['hash policy 4', SMALL.replace('r1: {}', 'r1: {hashPolicy: 4}'), /hashPolicy: write an integer from 0 to 3, got 4/],
  ['a DSCP of seven bits', SMALL.replace('r1: {}', 'r1: {remarkDscp: 64}'), /remarkDscp: write an integer from 0 to 63, got 64/],
  ['a policer with room for none', SMALL.replace('r1: {}', 'r1: {icmpPolicer: 1/0}'), /icmpPolicer: write packets a second.*, got 1\/0/],
  ['a node that no link leads to', SMALL.replace('r1: {}', 'r1: {}, r2: {}'), /node r2: no links lead to it from a/],
  ['a node twice', 'name: t\nnodes:\n  a: {vantage: true}\n  r1: {}\n  r1: {}\nlinks: [{between: [a, r1]}]', /x\.yaml:5: .*unique/],
  ['an id twice', SMALL.replace('[a, r1]}', '[a, r1], id: x}, {between: [a, r1], id: x}'), /link x: id: x was used on line 1/],
  [
    'an address twice',
    SMALL.replace('vantage: true', 'vantage: true, address4: 10.1.0.1').replace('r1: {}', 'r1: {address4: 10.1.0.1}'),
    /node r1: 10\.1\.0\.1 was used/,
  ],
  [
    'an IPv6 address twice, spelled differently',
    SMALL.replace('vantage: true', 'vantage: true, address6: "fd01::1"').replace('r1: {}', 'r1: {address6: "FD01:0::1"}'),
    /fd01::1 was used/,
  ],
  ['a multicast address', SMALL.replace('r1: {}', 'r1: {address4: 224.0.0.1}'), /unicast IPv4 address, got 224\.0\.0\.1/],
  ['an address of the other family', SMALL.replace('r1: {}', 'r1: {address4: "fd01::1"}'), /unicast IPv4 address, got fd01::1/],
  [
    'a link over two subnets',
    SMALL.replace('[a, r1]}', '[a, r1], addresses4: [10.1.0.1, 10.1.0.9]}'),
    /10\.1\.0\.1 and 10\.1\.0\.9 do not share/,
  ],
  [
    "a link with its subnet's own address",
    SMALL.replace('[a, r1]}', '[a, r1], addresses4: [10.1.0.0, 10.1.0.1]}'),
    /10\.1\.0\.0 is its subnet's own/,
  ],
  [
    'a subnet on two links',
    SMALL.replace('[a, r1]}', '[a, r1], addresses6: ["fd01::1", "fd01::2"]}, {between: [a, r1], addresses6: ["fd01::3", "fd01::2"]}'),
    /fd01::2 was used/,
  ],
  [
    'a loopback inside a link',
    SMALL.replace('r1: {}', 'r1: {address4: 10.1.0.3}').replace('[a, r1]}', '[a, r1], addresses4: [10.1.0.1, 10.1.0.2]}'),
    /10\.1\.0\.3 lies in a link's subnet/,
  ],
  ['a link between three', SMALL.replace('[a, r1]', '[a, r1, a]'), /between: write a list of two, got a list of 3/],
  ['a name of 17 characters', SMALL.replace('name: t', 'name: abcdefghijklmnopq'), /name: write 1 to 16/],
  ['a node name of 13 characters', SMALL.replaceAll('r1', 'abcdefghijklm'), /abcdefghijklm: write 1 to 12/],
  ['an anchor inside itself', '&x {name: t, nodes: *x, links: []}', /./],
];

for (const [what, text, message] of ONE_MISTAKE) {
  test(`refused: ${what}`, () => assert.match(mistakesOf(text).join('\n'), message));
}

test('a broken link does not also make its nodes unconnected', () => {
  assert.is(mistakesOf(SMALL.replace('[a, r1]', '[a]')).length, 1);
});

test('no text makes the parser throw anything but its own error, and every line of it names the file', () => {
  const words = fc.constantFrom(
    'name',
    'nodes',
    'links',
    'a',
    'r1',
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    ' ',
    '\n',
    '- ',
    '  ',
    'between',
    '&x',
    '*x',
    '"',
    '!',
    '1',
    'true',
    '?',
    '|',
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 30 }), (parts) => {
      for (const mistake of mistakesOf(parts.join(''))) assert.match(mistake, /^x\.yaml:\d+: ./);
    }),
    { numRuns: 500 },
  );
});

test.run();
