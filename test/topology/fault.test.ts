/** Rates and shares as people type them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseBitRate, parseDelayMs, parseFraction, parseShare } from '../../src/topology/fault.ts';

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

test('a delay is in milliseconds, with or without saying so', () => {
  for (const [text, delayMs] of [
    ['20', 20],
    ['20ms', 20],
    ['0.5', 0.5],
    ['.25ms', 0.25],
    ['0', 0],
    ['10000', 10_000],
  ] as const)
    assert.is(parseDelayMs(text, '--delay'), delayMs);
});

test('a rate is in bits a second', () => {
  for (const [text, rate] of [
    ['1000', 1000],
    ['500k', 500_000],
    ['10M', 10_000_000],
    ['2.5G', 2_500_000_000],
  ] as const)
    assert.is(parseBitRate(text, '--rate'), rate);
});

test('what is no delay and no rate is refused with its option and value', () => {
  const refuses = (parse: (text: string, option: string) => number, text: string): void =>
    assert.throws(
      () => parse(text, '--this'),
      (error: Error & { code: string }) => error.code === 'ERR_USAGE' && error.message.startsWith(`--this ${text}: `),
    );
  for (const text of ['', '-1', '20s', '20 ms', '1e3', '10001', 'ms', '1.2.3']) refuses(parseDelayMs, text);
  for (const text of ['', '0', '999', '10m', '10Mbit', '-1', '1.5.5k', '2000G']) refuses(parseBitRate, text);
});

test.run();
