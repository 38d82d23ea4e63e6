/** What the command line's words mean, checked before anything starts: each error names the option, the value, and what it takes. */
import { InvalidArgumentError } from 'commander';
import { parsePrefix } from '../wire/scope.ts';

export interface NumberRange {
  readonly least: number;
  readonly most: number;
  /** Fractions are taken. */
  readonly fraction?: boolean;
  /** `12k`, `3M` are taken. */
  readonly suffix?: boolean;
}

const SUFFIXES: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6 };

export function number({ least, most, fraction = false, suffix = false }: NumberRange): (text: string) => number {
  const kind = fraction ? 'a number' : 'a whole number';
  return (text) => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text) ?? [];
    const value = digits === undefined || (unit !== '' && !suffix) ? Number.NaN : Number(digits) * SUFFIXES[unit ?? '']!;
    if (value >= least && value <= most && (fraction || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`Give ${kind} from ${least} to ${most}.`);
  };
}

/** `20k`, `1.5M`, or `max`: as many as are allowed. */
export function rateOrMax(text: string): number | 'max' {
  if (text === 'max') return text;
  try {
    return number({ least: 1, most: 100_000_000, suffix: true })(text);
  } catch {
    throw new InvalidArgumentError('Give packets a second from 1 to 100M, such as 500 or 20k, or max.');
  }
}

/** Bytes, both ends included. */
export interface SizeRange {
  readonly low: number;
  readonly high: number;
}

const LEAST_SIZE = 64;
const MOST_SIZE = 65_535;

/** `256` or `128-1400`. */
export function sizes(text: string): SizeRange {
  const [, low, high] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const range = { low: Number(low), high: Number(high ?? low) };
  if (low !== undefined && range.low >= LEAST_SIZE && range.high <= MOST_SIZE && range.low <= range.high) return range;
  throw new InvalidArgumentError(`Give bytes from ${LEAST_SIZE} to ${MOST_SIZE}, such as 256, or a range such as 128-1400.`);
}

/** A probability that may be met: neither never nor always. */
export function risk(text: string): number {
  const value = share(text);
  if (value >= LEAST_RISK && value <= MOST_RISK) return value;
  throw new InvalidArgumentError('Give a part from 0.0001% to 50%, such as 1% or 0.01.');
}

const LEAST_RISK = 1e-6;
const MOST_RISK = 0.5;

/** `2.5%` or `0.025`. */
export function share(text: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const value = Number(digits) / (percent ? 100 : 1);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Give a part from 0 to 1, such as 1% or 0.01.');
}

/** A part that is more than nothing. */
export function someShare(text: string): number {
  const value = share(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('Give a part above 0, such as 5%.');
}

export interface Budget {
  /** At most so many probes. */
  readonly probes: number;
  /** At most so long; null: as long as it takes. */
  readonly seconds: number | null;
}

export const MOST_PROBES = 10_000_000;

/** `200k` probes, or `30s`. */
export function budget(text: string): Budget {
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(text) ?? [];
  if (seconds !== undefined && Number(seconds) > 0 && Number(seconds) <= 86_400) return { probes: MOST_PROBES, seconds: Number(seconds) };
  try {
    return { probes: number({ least: 1, most: MOST_PROBES, suffix: true })(text), seconds: null };
  } catch {
    throw new InvalidArgumentError('Give probes such as 50k, or a time such as 30s.');
  }
}

/** Of decisions: less than certain, and better than tossing a coin. */
export function confidence(text: string): number {
  const value = share(text);
  if (value >= 0.5 && value <= 0.999999) return value;
  throw new InvalidArgumentError('Give a part from 50% to 99.9999%.');
}

/** A path as it is printed, or with commas: `[10.0.0.1 * 10.0.1.1]`, `a,r1,r2`. null: a hop that nobody knows. */
export function path(text: string): (string | null)[] {
  const words = text
    .replace(/^\[|\]$/g, '')
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  if (words.length === 0) throw new InvalidArgumentError('Give the hops in order, such as a,r1,r2,r3.');
  return words.map((word) => (word === '*' ? null : word));
}

/** `192.0.2.0/24,2001:db8::1`: addresses and prefixes, as they were written. */
export function prefixes(text: string): string[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const wrong = words.find((word) => parsePrefix(word) === null);
  if (words.length > 0 && wrong === undefined) return words;
  throw new InvalidArgumentError(
    `${wrong === undefined ? '' : `${wrong} is no prefix. `}Give prefixes such as 192.0.2.0/24,2001:db8::/32.`,
  );
}

export interface RingText {
  readonly files: number;
  readonly bytes: number;
}

const BYTES: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** `10x100MB`: so many files of at most so many bytes. */
export function ring(text: string): RingText {
  const [, files, size, unit] = /^(\d+)x(\d+)([kMG]?)B?$/.exec(text) ?? [];
  const [count, bytes] = [Number(files), Number(size) * BYTES[unit ?? '']!];
  if (count >= 2 && count <= 10_000 && bytes >= 1000 && bytes <= 1e12) return { files: count, bytes };
  throw new InvalidArgumentError('Give files and the size of each, such as 10x100MB: 2 to 10000 files of 1 kB or more.');
}
