/** Rates and shares as people type them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseFraction, parseShare } from '../../src/topology/fault.ts';

const FRACTIONS: [string, number][] = [
  ['10%', 0.1],
  ['0.1', 0.1],
  ['.5', 0.5],
  ['100%', 1],
  ['1', 1],
  ['0', 0],
  ['0.25%', 0.0025],
];

test('a loss is a percentage or a fraction', () => {
  for (const [text, fraction] of FRACTIONS) assert.is(parseFraction(text, '--loss'), fraction);
});

test('what is no part of the packets is refused with its option and value', () => {
  for (const text of ['', '10', '101%', '-1%', '1e-1', '10 percent', 'NaN', '1.1'])
    assert.throws(
      () => parseFraction(text, '--loss'),
      (error: Error & { code: string }) => error.code === 'ERR_USAGE' && error.message.startsWith(`--loss ${text}: `),
    );
});

test('a share is so many of so many', () => {
  assert.equal(parseShare('1/10', '--exact'), { lost: 1, of: 10 });
  assert.equal(parseShare('4/4', '--exact'), { lost: 4, of: 4 });
  assert.equal(parseShare('0/1', '--exact'), { lost: 0, of: 1 });
});

test('what is no share is refused with its option and value', () => {
  for (const text of ['', '1', '2/1', '1/0', '-1/2', '1/10%', '1/1000000000'])
    assert.throws(
      () => parseShare(text, '--exact'),
      (error: Error & { code: string }) => error.code === 'ERR_USAGE' && error.message.startsWith(`--exact ${text}: `),
    );
});

test.run();
