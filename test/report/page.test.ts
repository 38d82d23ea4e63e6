/** Numbers and texts on a page are what JavaScript makes of them, wherever the page ends. */
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newPage, type Page, piece, put, putByte, putDigits, putMilliseconds, putNumber, putText, turn } from '../../src/report/page.ts';

/** On pages of so many bytes, of which some of the first are taken. */
function told(write: (page: Page) => void, length = 64, taken = 0): string {
  const pages: Buffer[] = [];
  const page = newPage(length, (full) => {
    pages.push(Buffer.from(full));
    return Buffer.alloc(length, '?');
  });
  put(page, piece('.'.repeat(taken)));
  write(page);
  turn(page);
  return Buffer.concat(pages).toString().slice(taken);
}

const place = fc.integer({ min: 0, max: 63 });

test('a whole number is written as String writes it', () => {
  const number = fc.oneof(
    fc.maxSafeNat(),
    fc.nat({ max: 0xffffffff }),
    fc.nat({ max: 0xffff }),
    fc.constantFrom(0, 9, 10, 9999, 10_000, 99_999_999, 1e8),
  );
  fc.assert(fc.property(number, place, (value, taken) => told((page) => putNumber(page, value), 64, taken) === String(value)));
});

test('nanoseconds are written as the shortest milliseconds, which are those of String', () => {
  const ns = fc.oneof(
    fc.integer({ min: -1e15, max: 1e15 }),
    fc.integer({ min: -2e6, max: 2e9 }),
    fc.constantFrom(1, 10, -1, 1e6, 1_000_001),
  );
  fc.assert(fc.property(ns, place, (value, taken) => told((page) => putMilliseconds(page, value), 64, taken) === String(value / 1e6)));
});

test('text of any language and any length is written as UTF-8', () => {
  const text = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(fc.property(text, place, (value, taken) => told((page) => putText(page, value), 64, taken) === value));
});

test('a byte behind a full page stands on the next', () => {
  assert.is(
    told((page) => putByte(page, 0x41), 8, 8),
    'A',
  );
});

test('what is shorter than a page is not torn apart', () => {
  const lengths: number[] = [];
  const page = newPage(8, (full) => {
    lengths.push(full.length);
    return Buffer.alloc(8);
  });
  for (const text of ['12345', '12345', '123']) put(page, piece(text));
  turn(page);
  assert.equal(lengths, [5, 8]);
});

test('digits are put over what stands there, with zeros in front where there is room for more', () => {
  const wide = told((page) => {
    put(page, piece('a#####b'));
    putDigits(page, 1, 42, 5);
  });
  assert.is(wide, 'a00042b');
});

test.run();
