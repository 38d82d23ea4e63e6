/** Readers of a topology file's values: each gives the value, or says what is wrong with what it found. */
import { type Address, addressBytes, type FamilyNumber, familyOf, parseAddress } from '../wire/address.ts';
import { POLICER_FORM, policerOf } from './behaviour.ts';
import { editDistance } from './edit-distance.ts';
import type { Policer } from './fault.ts';
import type { MapTree, Mistake, Tree } from './tree.ts';

export type Reading<T> = { readonly value: T } | { readonly wrong: string };
export type Read<T> = (tree: Tree) => Reading<T>;
type Fields = Readonly<Record<string, Read<unknown>>>;
type Values<F extends Fields> = { readonly [K in keyof F]?: F[K] extends Read<infer T> ? T : never };

/** How a mistake cites what the file says. */
export const cited = (tree: Tree): string => (tree.kind === 'scalar' ? tree.text.slice(0, 40) || 'nothing' : `a ${tree.kind}`);

/** The known fields of a map; each unknown or unreadable one becomes a mistake. */
export function readFields<F extends Fields>(map: MapTree, fields: F, where: string, mistakes: Mistake[]): Values<F> {
  const values: Record<string, unknown> = {};
  for (const { key, line, value } of map.entries) {
    const read = Object.hasOwn(fields, key) ? fields[key] : undefined;
    const reading = read ? read(value) : { wrong: `unknown key${meant(key, Object.keys(fields))}` };
    if ('wrong' in reading) mistakes.push({ line: read ? value.line : line, text: `${where}: ${key}: ${reading.wrong}` });
    else values[key] = reading.value;
  }
  return values as Values<F>;
}

/** ` (did you mean …?)` for a near miss, else the choice. */
export function meant(word: string, choice: readonly string[]): string {
  const near = choice.find((known) => editDistance(word.toLowerCase(), known.toLowerCase()) <= Math.max(1, known.length >> 2));
  return near === undefined ? `; take one of ${choice.join(', ')}` : ` (did you mean ${near}?)`;
}

const reader =
  <T>(what: string, accept: (value: unknown, text: string) => T | null): Read<T> =>
  (tree) => {
    const value = tree.kind === 'scalar' ? accept(tree.value, tree.text) : null;
    return value === null ? { wrong: `write ${what}, got ${cited(tree)}` } : { value };
  };

export const readBoolean: Read<boolean> = reader('true or false', (value) => (typeof value === 'boolean' ? value : null));

export const readName = (longest: number): Read<string> =>
  reader(`1 to ${longest} of the characters a-z 0-9 _`, (_, text) => (new RegExp(`^[a-z0-9_]{1,${longest}}$`).test(text) ? text : null));

export const readId: Read<string> = reader('1 to 64 of the characters a-z 0-9 _ . -', (_, text) =>
  /^[a-z0-9_.-]{1,64}$/.test(text) ? text : null,
);

export const readInteger = (low: number, high: number): Read<number> =>
  reader(`an integer from ${low} to ${high}`, (value) => (Number.isInteger(value) && within(value, low, high) ? (value as number) : null));

export const readNumber = (low: number, high: number): Read<number> =>
  reader(`a number from ${low} to ${high}`, (value) => (within(value, low, high) ? (value as number) : null));

const within = (value: unknown, low: number, high: number): boolean => typeof value === 'number' && value >= low && value <= high;

export const readOneOf = <const T extends string>(choice: readonly T[]): Read<T> =>
  reader(choice.join(' or '), (_, text) => choice.find((word) => word === text) ?? null);

/** A list of words of a choice, each once; it may be empty. */
export const readSome = <const T extends string>(choice: readonly T[]): Read<readonly T[]> => readList(readOneOf(choice), choice[0]);

/** A list of words, each once; it may be empty. */
export const readList =
  <T extends string>(read: Read<T>, example = 'r1'): Read<readonly T[]> =>
  (tree) => {
    if (tree.kind !== 'list') return { wrong: `write a list such as [${example}], got ${cited(tree)}` };
    const readings = tree.items.map(read);
    const wrong = readings.find((reading) => 'wrong' in reading);
    if (wrong) return wrong;
    const values = readings.flatMap((reading) => ('value' in reading ? [reading.value] : []));
    const again = values.find((value, i) => values.indexOf(value) !== i);
    return again === undefined ? { value: values } : { wrong: `${again} stands twice: write it once` };
  };

/** `1`: so many a second, one at a time; `1/6`: of which six may come at once. */
export const readPolicer: Read<Policer> = reader(POLICER_FORM, (_, text) => policerOf(text));

export const readAddress = (family: FamilyNumber): Read<Address> =>
  reader(`a unicast IPv${family} address`, (_, text) => {
    const address = parseAddress(text);
    return address !== null && familyOf(address) === family && isUnicast(address) ? address : null;
  });

/** Loopback, link-local, multicast and unspecified addresses cannot be routed to. */
function isUnicast(address: Address): boolean {
  const [a, b] = addressBytes(address) as unknown as [number, number];
  if (familyOf(address) === 4) return a !== 0 && a !== 127 && a < 224 && !(a === 169 && b === 254);
  return a !== 0 && a !== 0xff && !(a === 0xfe && (b & 0xc0) === 0x80);
}

export const readPair =
  <T>(read: Read<T>): Read<readonly [T, T]> =>
  (tree) => {
    if (tree.kind !== 'list' || tree.items.length !== 2)
      return { wrong: `write a list of two, got ${tree.kind === 'list' ? `a list of ${tree.items.length}` : cited(tree)}` };
    const [first, second] = [read(tree.items[0]!), read(tree.items[1]!)];
    if ('wrong' in first) return first;
    return 'wrong' in second ? second : { value: [first.value, second.value] };
  };
