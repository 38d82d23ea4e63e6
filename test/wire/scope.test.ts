import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isPrivate } from '../../src/wire/scope.ts';

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

test.run();
