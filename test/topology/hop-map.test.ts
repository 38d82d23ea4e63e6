/** Map files: what they may say, every mistake with its line, and that what is written is read again. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addressesOfNode, type MappedNode, parseHopMap } from '../../src/topology/hop-map.ts';
import { mapText } from './map-text.ts';

const refusal = (text: string): string[] => {
  try {
    parseHopMap(text, 'm.yaml');
  } catch (error) {
    assert.is((error as { code?: string }).code, 'ERR_FILE');
    return (error as Error).message.split('\n');
  }
  throw new Error(`accepted: ${text}`);
};

const R1 = '- {hop: [10.0.1.1, fd00:0:1::1], decapsulates: [10.255.0.2, fd00:255::2], name: r1.example, role: core}\n';

test('a node is found by each address by which a path shows it, and by those where it decapsulates', () => {
  const map = parseHopMap(R1, 'm.yaml');
  assert.equal([...map.keys()], ['10.0.1.1', 'fd00:0:1::1', '10.255.0.2', 'fd00:255::2']);
  const node = { hop: ['10.0.1.1', 'fd00:0:1::1'], decapsulates: ['10.255.0.2', 'fd00:255::2'], name: 'r1.example', role: 'core' };
  for (const found of map.values()) assert.equal(found, node);
});

test('one address needs no list, `none` says that a router does not decapsulate, and what is left out is not known', () => {
  const map = parseHopMap(
    '- hop: 10.0.1.1\n  decapsulates: none\n- {hop: 10.0.2.1, decapsulates: 10.255.0.3}\n- hop: FD00:0:3::0001\n',
    'm.yaml',
  );
  assert.is(map.get('10.0.1.1')!.decapsulates, 'none');
  assert.equal(map.get('10.255.0.3')!.decapsulates, ['10.255.0.3']);
  assert.equal(map.get('fd00:0:3::1'), { hop: ['fd00:0:3::1'], decapsulates: null, name: null, role: null });
});

test('all mistakes are told at once, each with its line, what is wrong and what to write', () => {
  const text = `${R1}- {hop: 10.0.1.1}
- {hop: [10.0.2.1, 10.0.2.1], decapsulates: [10.255.0.3, 10.255.0.4]}
- {hops: 10.0.3.1, decapsulates: 10.255.0.5}
- {hop: 10.0.4.300, name: "r 4", role: ""}
- {hop: [], decapsulates: nowhere}
- {hop: 224.0.0.1}
- 10.0.6.1
`;
  assert.equal(refusal(text), [
    'm.yaml:2: 10.0.1.1 is an address of an earlier node too: a router has one entry',
    'm.yaml:3: node: hop: 10.0.2.1 stands twice: write it once',
    'm.yaml:3: node: decapsulates: two IPv4 addresses: write the one that probes are to visit',
    'm.yaml:4: node: hop is missing: write the addresses by which paths show it',
    'm.yaml:4: node: hops: unknown key (did you mean hop?)',
    'm.yaml:5: node: hop: write an address, got 10.0.4.300',
    'm.yaml:5: node: name: write 1 to 64 letters, digits or _ . : / @ + -, got r 4',
    'm.yaml:5: node: role: write 1 to 64 letters, digits or _ . : / @ + -, got nothing',
    'm.yaml:6: node: hop: the list is empty: write at least one address',
    'm.yaml:6: node: decapsulates: write an address, got nowhere (or the word none)',
    'm.yaml:7: node: hop: write a unicast IPv4 address, got 224.0.0.1',
    'm.yaml:8: node: write a map such as {hop: 10.0.1.1, decapsulates: 10.255.0.2}, got 10.0.6.1',
  ]);
});

test('what is no list is no map, and an empty list is one', () => {
  assert.match(refusal('hop: 10.0.1.1')[0]!, /^m\.yaml:1: a map is a list of nodes/);
  assert.match(refusal('- {hop: [10.0.1.1}')[0]!, /^m\.yaml:1: /);
  assert.is(parseHopMap('[]', 'm.yaml').size, 0);
});

const hosts4 = fc.tuple(fc.integer({ min: 1, max: 126 }), fc.nat(255), fc.nat(255)).map(([a, b, c]) => `${a}.${b}.${c}.1`);
const hosts6 = fc
  .tuple(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffff }))
  .map(([a, b]) => `fd00::${a.toString(16)}:${b.toString(16)}`);
const word = fc.stringMatching(/^[a-zA-Z0-9_.:@+-]{1,64}$/);

const nodes: fc.Arbitrary<MappedNode[]> = fc
  .array(
    fc.record(
      {
        hop: fc.uniqueArray(fc.oneof(hosts4, hosts6), { minLength: 1, maxLength: 4 }),
        decapsulates: fc.oneof(
          fc.constantFrom(null, 'none' as const),
          hosts4.map((four) => [four]),
          fc.tuple(hosts4, hosts6),
        ),
        name: fc.option(word),
        role: fc.option(word),
      },
      { noNullPrototype: true },
    ),
    { maxLength: 6 },
  )
  .filter((all) => {
    const each = all.flatMap(addressesOfNode);
    return new Set(each).size === each.length;
  });

test('what is written is read as it was, whatever the names look like', () => {
  fc.assert(
    fc.property(nodes, (all) => {
      const map = parseHopMap(mapText(all), 'm.yaml');
      assert.equal([...new Set(map.values())], all);
    }),
  );
});

test.run();
