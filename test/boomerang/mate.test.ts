/** The far end of a point-to-point link, by RFC 3021 (/31), RFC 6164 (/127) and the two hosts of a /30 or /126. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { mates } from '../../src/boomerang/mate.ts';

test("the two hosts of a /30 are each other's first guess; the pair of a /31 comes second", () => {
  assert.equal(mates('10.0.0.1'), ['10.0.0.2', '10.0.0.0']);
  assert.equal(mates('10.0.0.2'), ['10.0.0.1', '10.0.0.3']);
  assert.equal(mates('192.0.2.253'), ['192.0.2.254', '192.0.2.252']);
});

test('what no /30 gives to a host can only be of a /31', () => {
  assert.equal(mates('10.0.0.0'), ['10.0.0.1']);
  assert.equal(mates('10.0.0.3'), ['10.0.0.2']);
  assert.equal(mates('10.0.0.255'), ['10.0.0.254']);
});

test('IPv6 the same, in the last bits of 128', () => {
  assert.equal(mates('fd00:0:1::1'), ['fd00:0:1::2', 'fd00:0:1::']);
  assert.equal(mates('2001:db8::ffff'), ['2001:db8::fffe']);
});

test.run();
