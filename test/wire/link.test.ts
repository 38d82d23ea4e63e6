import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LINK_TYPE, macBytes, networkAt, writeEthernet } from '../../src/wire/link.ts';
import { allKnown, fromHex, known, toHex } from './known.ts';

test('the packet begins where tshark finds it, for every link type', () => {
  for (const { name, bytes, linkType, layers } of allKnown()) assert.is(networkAt(linkType, bytes), layers[0]!.at, name);
  const seen = new Set(known('links').map(({ linkType }) => linkType));
  assert.equal(new Set(Object.values(LINK_TYPE)), seen);
});

test('a frame that is cut within its link header carries no packet', () => {
  for (const { name, bytes, linkType, layers } of known('links')) {
    for (let end = 0; end <= layers[0]!.at; end += 1) assert.is(networkAt(linkType, bytes.subarray(0, end)), -1, `${name} cut to ${end}`);
  }
});

test('what is not IP carries no packet', () => {
  assert.is(networkAt(LINK_TYPE.ethernet, fromHex(`${'00'.repeat(12)}0806${'00'.repeat(28)}`)), -1); // ARP
  assert.is(networkAt(LINK_TYPE.ethernet, fromHex(`${'00'.repeat(12)}810000070806${'00'.repeat(28)}`)), -1); // ARP in a VLAN
  assert.is(networkAt(LINK_TYPE.linuxCooked, fromHex(`${'00'.repeat(14)}0806${'00'.repeat(28)}`)), -1);
  assert.is(networkAt(LINK_TYPE.linuxCooked2, fromHex(`0806${'00'.repeat(46)}`)), -1);
  assert.is(networkAt(LINK_TYPE.null, fromHex(`07000000${'00'.repeat(20)}`)), -1); // AF_IPX
  assert.is(networkAt(147, new Uint8Array(64)), -1);
});

test('of Junos, a packet without a link header begins 4 bytes behind the flags or extensions, as tcpdump reads it', () => {
  const packet = toHex(known('links').find(({ name }) => name === 'raw, IPv4')!.bytes);
  const junos = LINK_TYPE.juniperEthernet;
  assert.is(networkAt(junos, fromHex(`4d47430200000002${packet}`)), 8);
  assert.is(networkAt(junos, fromHex(`4d474382000601010502010000000002${packet}`)), 16);
  assert.is(networkAt(junos, fromHex(`4d47440200000002${packet}`)), -1);
  assert.is(networkAt(junos, fromHex(`4d474382ffff01010502010000000002${packet}`)), -1);
});

test('an Ethernet header is the one that scapy writes', () => {
  for (const name of ['ethernet, IPv4', 'ethernet, IPv6']) {
    const { bytes } = known('links').find((frame) => frame.name === name)!;
    const etherType = name.endsWith('6') ? 0x86dd : 0x0800;
    const header = writeEthernet({ source: '02:00:00:00:00:01', destination: '02:00:00:00:00:02', etherType });
    assert.is(toHex(header), toHex(bytes.subarray(0, 14)), name);
  }
});

test('a MAC address is six pairs of digits, nothing else', () => {
  assert.is(toHex(macBytes('0A:1b:2C:3d:4e:5f')), '0a1b2c3d4e5f');
  for (const text of [
    '',
    '02:00:00:00:00',
    '02:00:00:00:00:01:02',
    '2:0:0:0:0:1',
    '02-00-00-00-00-01',
    'g2:00:00:00:00:01',
    '02:00:00:00:00:01\n',
  ]) {
    assert.throws(() => macBytes(text), /is not a MAC address such as/);
  }
});

test.run();
