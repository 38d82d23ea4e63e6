/** Marks of ICMP errors, as the manual page of Debian's traceroute lists them, and the codes of RFC 792, 1812 and 4443. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { errorMark, isProtocolUnreachable } from '../../src/report/icmp-mark.ts';
import { errorKind } from '../../src/wire/icmp.ts';

test('each letter stands for the codes that mean it', () => {
  const codes: Record<string, string[]> = {
    '!N': ['icmp 3/0', 'icmp 3/6', 'icmp 3/8', 'icmp 3/11', 'icmpv6 1/0'],
    '!H': ['icmp 3/1', 'icmp 3/7', 'icmp 3/12', 'icmpv6 1/2', 'icmpv6 1/3'],
    '!P': ['icmp 3/2', 'icmpv6 4/1'],
    '!X': ['icmp 3/9', 'icmp 3/10', 'icmp 3/13', 'icmpv6 1/1'],
    '!F': ['icmp 3/4', 'icmpv6 2/0'],
    '!S': ['icmp 3/5'],
    '!V': ['icmp 3/14'],
    '!C': ['icmp 3/15'],
  };
  for (const [mark, kinds] of Object.entries(codes)) for (const kind of kinds) assert.is(errorMark(kind), mark, kind);
});

test('a code without a letter shows its number, another type both of its numbers', () => {
  assert.is(errorMark('icmp 3/200'), '!<200>');
  assert.is(errorMark('icmpv6 1/5'), '!<5>');
  assert.is(errorMark('icmp 12/0'), '!<12-0>');
  assert.is(errorMark('icmpv6 4/0'), '!<4-0>');
});

test('the family decides what 1/0 and 4/1 are', () => {
  assert.is(errorKind(4, 3, 2), 'icmp 3/2');
  assert.is(errorKind(6, 4, 1), 'icmpv6 4/1');
  assert.ok(isProtocolUnreachable('icmpv6 4/1'));
  assert.not(isProtocolUnreachable('icmp 4/1'));
});

test.run();
