/** Numbers as people read them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { milliseconds, percent, rate } from '../../src/report/numbers.ts';

test('a rate has three decimals', () => {
  assert.equal([1, 0.901, 0.5, 0].map(rate), ['100.000%', '90.100%', '50.000%', '0.000%']);
});

test('a rate is 100 or 0 only when nothing or everything is lost', () => {
  assert.equal([999_999 / 1_000_000, 1 / 1_000_000].map(rate), ['99.999%', '0.001%']);
});

test('percents have a digit after the point, and two that count near 0 and near 100', () => {
  const texts: [text: string, fraction: number][] = [
    ['0', 0],
    ['0.018', 0.00017655],
    ['0.38', 0.0038267],
    ['8.2', 0.081995],
    ['9.9', 0.099],
    ['10.0', 0.1],
    ['11.9', 0.119074],
    ['88.6', 0.88649],
    ['99.62', 0.99617],
    ['99.987', 0.99987],
    ['100', 1],
  ];
  for (const [text, fraction] of texts) assert.is(percent(fraction), text);
});

test('percents of a billion probes show no exponent', () => {
  assert.is(percent(3.84e-9), '0.00000038');
  assert.is(percent(1e-16), '0.000000000000');
});

test('times have two decimals', () => {
  assert.equal([0.4, 0.205, 12, 1234.567].map(milliseconds), ['0.40 ms', '0.20 ms', '12.00 ms', '1234.57 ms']);
});

test.run();
