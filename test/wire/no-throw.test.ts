/** No bytes make a reader throw: neither random ones, nor known packets that are bent, cut and glued. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dissect, dissectPacket } from '../../src/wire/dissect.ts';
import { readExtensions } from '../../src/wire/extensions.ts';
import { nextHopMtu, readIcmp, readQuote } from '../../src/wire/icmp.ts';
import { readIdentity } from '../../src/wire/identity.ts';
import { readIpv4 } from '../../src/wire/ipv4.ts';
import { readIpv6 } from '../../src/wire/ipv6.ts';
import { LINK_TYPE, networkAt } from '../../src/wire/link.ts';
import { outline } from '../../src/wire/outline.ts';
import { bent } from './bent.ts';

const linkTypes = fc.oneof(fc.constantFrom(...Object.values(LINK_TYPE)), fc.integer());
const RUNS = { numRuns: 3000 };

test('headers are read or called malformed, and never hold more than there is', () => {
  fc.assert(
    fc.property(bent, (bytes) => {
      for (const read of [readIpv4(bytes), readIpv6(bytes)]) {
        if (read.ok) assert.ok(read.payload.length < bytes.length);
        else assert.ok(read.reason.length > 0);
      }
    }),
    RUNS,
  );
});

test('a frame of any link type is dissected', () => {
  fc.assert(
    fc.property(bent, linkTypes, (bytes, linkType) => {
      assert.ok(dissect(bytes, linkType).layers.length <= bytes.length / 20);
      assert.ok(dissectPacket(bytes).layers.length <= bytes.length / 20);
      assert.ok(networkAt(linkType, bytes) < bytes.length);
    }),
    RUNS,
  );
});

test('an outline stays within the bytes, and inner headers within outer ones', () => {
  fc.assert(
    fc.property(bent, fc.nat(30), (bytes, at) => {
      const found = outline(bytes, at);
      if (found === null) return;
      const starts = found.layers.map((layer) => layer.at);
      assert.equal(
        starts,
        starts.toSorted((a, b) => a - b),
      );
      assert.is(starts[0], at);
      assert.ok(found.end <= bytes.length && found.at > starts.at(-1)!);
      assert.ok(found.fragment || found.at <= found.end);
    }),
    RUNS,
  );
});

test('ICMP messages, quotes, extensions and identities', () => {
  fc.assert(
    fc.property(bent, fc.constantFrom(4, 6) as fc.Arbitrary<4 | 6>, fc.nat(99), (bytes, family, at) => {
      const read = readIcmp(bytes, family);
      if (read.ok) {
        nextHopMtu(read.header);
        assert.ok(readQuote(bytes, family).packet.length <= bytes.length - 8);
      }
      readExtensions(bytes);
      readIdentity(bytes, at, bytes.length);
    }),
    RUNS,
  );
});

test.run();
