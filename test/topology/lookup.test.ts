/** Names, addresses and links of a topology. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addressesOf, hostsOf, linkNamed, namesOf, nodeNamed, nodeOf } from '../../src/topology/lookup.ts';
import { parseTopology } from '../../src/topology/parse.ts';

const line = parseTopology(readFileSync('fixtures/topologies/line.yaml', 'utf8'), 'line');

test("an address leads to its node: loopbacks, links' ends, both families, however it is spelled", () => {
  assert.is(nodeOf(line, '10.255.0.2')?.name, 'r1');
  assert.is(nodeOf(line, '10.0.1.1')?.name, 'r1');
  assert.is(nodeOf(line, '10.0.1.2')?.name, 'r2');
  assert.is(nodeOf(line, 'FD00:0:1:0::2')?.name, 'r2');
  assert.is(nodeOf(line, '192.0.2.1'), null);
  assert.is(nodeOf(line, 'r1'), null);
});

test('every address has a name, and every name its loopback first', () => {
  const names = namesOf(line);
  assert.is(names.size, 2 * (5 + 8));
  assert.is(names.get('fd00:0:3::2'), 'd.example');
  const first = hostsOf(line).find((entry) => entry.endsWith(' r2.example r2'));
  assert.is(first, '10.255.0.3 r2.example r2');
  assert.equal(addressesOf(line, 'r2', 6), ['fd00:255::3', 'fd00:0:1::2', 'fd00:0:2::1']);
});

test('a node is found by its short and by its long name', () => {
  assert.is(nodeNamed(line, 'r3')?.name, 'r3');
  assert.is(nodeNamed(line, 'r3.example')?.name, 'r3');
  assert.is(nodeNamed(line, 'r9'), null);
});

test('a link is found by its id and with its ends turned; a stranger is told which there are', () => {
  assert.is(linkNamed(line, 'r1-r2').id, 'r1-r2');
  assert.is(linkNamed(line, 'r2-r1').id, 'r1-r2');
  assert.throws(() => linkNamed(line, 'r1-r3'), /line has no link r1-r3: take one of a-r1, r1-r2, r2-r3, r3-d/);
});

test.run();
