import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dissect, dissectPacket } from '../../src/wire/dissect.ts';
import { LINK_TYPE } from '../../src/wire/link.ts';
import { allKnown, GROUPS, known, toHex } from './known.ts';

for (const group of GROUPS) {
  test(`the headers of the known packets are what tshark reads: ${group}`, () => {
    for (const { name, bytes, linkType, layers } of known(group)) {
      const read = dissect(bytes, linkType).layers;
      assert.equal(
        read,
        layers.map(({ header }) => header),
        name,
      );
    }
  });
}

test('what UDP carries is what tshark reads', () => {
  let compared = 0;
  for (const { name, bytes, linkType, body } of allKnown()) {
    if (body.kind !== 'udp') continue;
    const read = dissect(bytes, linkType).body;
    if (read.kind !== 'udp') throw new Error(`${name} was read as ${read.kind}`);
    assert.equal({ ...read, payload: toHex(read.payload) }, body, name);
    compared += 1;
  }
  assert.ok(compared > 30);
});

test('an ICMP message is what tshark reads, and what stands behind its header is its payload', () => {
  let compared = 0;
  for (const { name, bytes, linkType, layers, body, bodyAt } of allKnown()) {
    if (body.kind !== 'icmp') continue;
    const read = dissect(bytes, linkType).body;
    if (read.kind !== 'icmp') throw new Error(`${name} was read as ${read.kind}`);
    const { type, code, checksum, rest } = body;
    assert.equal(read.header, { family: layers.at(-1)!.header.family, type, code, checksum, rest }, name);
    assert.is(toHex(read.payload), toHex(bytes.subarray(bodyAt! + 8)), name);
    assert.is(read.quote === null, body.quote === undefined, name);
    compared += 1;
  }
  assert.ok(compared > 50);
});

test('what is neither UDP nor ICMP is named by its protocol number', () => {
  const others = allKnown().filter(({ body }) => body.kind === 'other');
  assert.ok(others.length >= 4);
  for (const { name, bytes, linkType, body } of others) {
    const read = dissect(bytes, linkType).body;
    assert.equal({ kind: read.kind, protocol: read.kind === 'other' && read.protocol }, body, name);
  }
});

test('padding behind the packet belongs to nobody', () => {
  const [plain, padded] = ['ethernet, IPv4', 'ethernet, padded to 60 bytes'].map(
    (name) => known('links').find((packet) => packet.name === name)!,
  );
  assert.is(padded!.bytes.length, 60);
  assert.equal(dissect(padded!.bytes, LINK_TYPE.ethernet), dissect(plain!.bytes, LINK_TYPE.ethernet));
});

test('a packet cut at any byte keeps the headers that are whole, and says why it ends', () => {
  for (const { name, bytes, layers, bodyAt, body } of known('nested')) {
    if (layers[0]!.at !== 0) continue;
    for (let end = 0; end < bodyAt! + 8; end += 1) {
      const read = dissectPacket(bytes.subarray(0, end));
      const whole = layers.filter((_, i) => (layers[i + 1]?.at ?? bodyAt!) <= end).map(({ header }) => header);
      assert.equal(read.layers, whole, `${name} cut to ${end}`);
      assert.is(read.body.kind, 'malformed', `${name} cut to ${end}`);
    }
    assert.is(dissectPacket(bytes.subarray(0, bodyAt! + 8)).body.kind, body.kind, name);
  }
});

test('a frame of a link type that nobody knows carries no packet', () => {
  assert.equal(dissect(known('nested')[0]!.bytes, 147), {
    layers: [],
    body: { kind: 'malformed', reason: 'no IP packet in a frame of link type 147' },
  });
});

test.run();
