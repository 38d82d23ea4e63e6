import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sipHash, sipKey } from '../../src/wire/siphash.ts';

const KEY = sipKey(Uint8Array.from({ length: 16 }, (_, i) => i));

function tagOf(length: number): string {
  const out = new Uint8Array(8);
  sipHash(
    KEY,
    Uint8Array.from({ length }, (_, i) => i),
    0,
    length,
    out,
    0,
  );
  return Buffer.from(out).toString('hex');
}

// Key 00…0f, message 00…(n-1): the test vectors published with the paper and its reference code.
test('the tag of 0 to 15 bytes is the published one', () => {
  assert.is(tagOf(0), '310e0edd47db6f72');
  assert.is(tagOf(1), 'fd67dc93c539f874');
  assert.is(tagOf(8), '62 24 93 9a 79 f5 f5 93'.replaceAll(' ', ''));
  assert.is(tagOf(15), 'e545be4961ca29a1'); // a129ca6149be45e5 in the paper's appendix A, as a number
});

test('a tag is taken from the middle of a buffer and written into the middle of another', () => {
  const bytes = Uint8Array.from([9, 9, ...Array.from({ length: 15 }, (_, i) => i), 9]);
  const out = new Uint8Array(12);
  sipHash(KEY, bytes, 2, 17, out, 3);
  assert.is(Buffer.from(out).toString('hex'), '000000e545be4961ca29a100');
});

test('a key is 16 bytes', () => {
  assert.throws(() => sipKey(new Uint8Array(15)), /16 bytes, got 15/);
});

test.run();
