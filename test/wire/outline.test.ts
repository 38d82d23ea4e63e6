import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addressBytes } from '../../src/wire/address.ts';
import { networkAt } from '../../src/wire/link.ts';
import { isBetween, outline, ttlOf } from '../../src/wire/outline.ts';
import { allKnown, known } from './known.ts';

test('every header stands where tshark finds it, and is as long as it says', () => {
  for (const { name, bytes, linkType, layers } of allKnown()) {
    const found = outline(bytes, networkAt(linkType, bytes));
    const lengths = layers.map(({ at, header }) => ({
      family: header.family,
      at,
      length: header.family === 4 ? header.totalLength : 40 + header.payloadLength,
    }));
    assert.equal(found?.layers, lengths, name);
    assert.is(found?.protocol, layers.at(-1)!.header.protocol, name);
  }
});

test('what the innermost header carries begins where tshark finds it, and ends before any padding', () => {
  for (const { name, bytes, linkType, layers, bodyAt, body } of allKnown()) {
    if (bodyAt === null) continue;
    const found = outline(bytes, networkAt(linkType, bytes))!;
    assert.is(found.at, bodyAt, name);
    assert.is(found.fragment, false, name);
    const { at, header } = layers.at(-1)!;
    const end = at + (header.family === 4 ? header.totalLength : 40 + header.payloadLength);
    assert.is(found.end, end, name);
    if (body.kind === 'udp') assert.is(found.end - found.at, body.length, name);
  }
});

test('ttl and addresses are the ones that tshark reads', () => {
  for (const { name, bytes, linkType, layers } of allKnown()) {
    outline(bytes, networkAt(linkType, bytes))!.layers.forEach((layer, i) => {
      const { ttl, source, destination } = layers[i]!.header;
      assert.is(ttlOf(bytes, layer), ttl, name);
      assert.ok(isBetween(bytes, layer, addressBytes(source), addressBytes(destination)), name);
      if (source !== destination) assert.not(isBetween(bytes, layer, addressBytes(destination), addressBytes(source)), name);
    });
  }
});

test('a later fragment starts in the middle: its protocol number is of no use', () => {
  const fragments = known('ip').filter(({ name }) => /later fragment|last fragment/.test(name));
  assert.is(fragments.length, 2);
  for (const { name, bytes } of fragments) assert.is(outline(bytes, 0)?.fragment, true, name);
});

test('a first fragment begins with its transport', () => {
  const { bytes } = known('ip').find(({ name }) => name === 'IPv4, first fragment')!;
  assert.is(outline(bytes, 0)?.fragment, false);
});

test('headers that are not whole are left out', () => {
  const { bytes, layers } = known('nested').find(({ name }) => name === '4 in 6')!;
  assert.is(outline(bytes, 0, 39), null);
  assert.is(outline(bytes, 0, 40)?.layers.length, 1);
  assert.is(outline(bytes, 0, 59)?.layers.length, 1);
  assert.is(outline(bytes, 0, 60)?.layers.length, 2);
  assert.is(layers.length, 2);
});

test('extension headers that are cut off hide what follows them', () => {
  const { bytes, bodyAt } = known('ip').find(({ name }) => name === 'all extension headers')!;
  for (let end = 40; end < bodyAt!; end += 1) assert.is(outline(bytes, 0, end)?.fragment, true, `cut to ${end}`);
  assert.is(outline(bytes, 0, bodyAt!)?.fragment, false);
});

test.run();
