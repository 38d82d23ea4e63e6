import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isPrivate, isWithin, parsePrefix } from '../../src/wire/scope.ts';

// First and last addresses of each block as IANA's special-purpose registries print them, and their neighbours outside.
const INSIDE =
  '10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.0 192.168.255.255 100.64.0.0 100.127.255.255 127.0.0.1 169.254.1.1 fc00:: fdff:ffff:: fe80::1 ::1 2001:db8::1 192.0.2.1';
const OUTSIDE =
  '9.255.255.255 11.0.0.0 172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 100.63.255.255 100.128.0.0 8.8.8.8 2001:4860::1 fe00::1 ::2';

test('what only its owner routes is private, and nothing beside it', () => {
  assert.equal(
    INSIDE.split(' ').filter((address) => !isPrivate(address)),
    [],
  );
  assert.equal(OUTSIDE.split(' ').filter(isPrivate), []);
});

test('a prefix holds its first and last address, and neither neighbour', () => {
  const prefixes = ['198.18.0.0/15', '2001:4860::/33', '8.8.8.8'];
  const inside = '198.18.0.0 198.19.255.255 2001:4860:: 2001:4860:7fff:ffff:ffff:ffff:ffff:ffff 8.8.8.8'.split(' ');
  const outside = '198.17.255.255 198.20.0.0 2001:485f:ffff::1 2001:4860:8000::1 8.8.8.7 8.8.8.9'.split(' ');
  for (const address of inside) assert.ok(isWithin(prefixes, address), address);
  for (const address of outside) assert.not.ok(isWithin(prefixes, address), address);
  assert.not.ok(isWithin([], '8.8.8.8'));
});

test('what is no prefix is none', () => {
  assert.equal(parsePrefix('10.0.0.0/8'), ['10.0.0.0', 8]);
  assert.equal(parsePrefix('2001:DB8:0::'), ['2001:db8::', 128]);
  for (const wrong of ['', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0/8', '::/129', 'r1/8'])
    assert.is(parsePrefix(wrong), null, wrong);
});

test.run();
