/** The rooms of src/ and who may import whom: ARCHITECTURE.md's list, held. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const line = readFileSync('ARCHITECTURE.md', 'utf8')
  .split('\n')
  .find((text) => text.startsWith('`wire →'));
const rooms = line?.replaceAll('`', '').split(' → ') ?? [];
const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
/** These may be imported by every room; `index.ts` imports what it likes and is imported by none. */
const COMMON = ['error.ts', 'package-root.ts'];
const rank = (file: string): number =>
  COMMON.includes(file) ? -1 : file === 'index.ts' ? rooms.length : rooms.indexOf(file.split(sep)[0]!);

const importsOf = (file: string): string[] =>
  [...readFileSync(join('src', file), 'utf8').matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)].map((match) =>
    normalize(join(dirname(file), match[1]!)),
  );

test('ARCHITECTURE.md lists the rooms in their order', () => {
  assert.ok(rooms.length >= 14, `the list reads ${rooms.join(', ')}`);
});

test('every file of src/ lives in a room', () => {
  assert.equal(
    files.filter((file) => rank(file) === -1 && !COMMON.includes(file)),
    [],
  );
});

test('a room imports only from itself and from rooms before it', () => {
  const upward = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => rank(target) > rank(file))
      .map((target) => `${file} → ${target}`),
  );
  assert.equal(upward, []);
});

test('the rooms are really read: imports are found', () => {
  assert.ok(files.flatMap(importsOf).length > 10);
});

test('only the command may end the process or write to it', () => {
  const loud = files.filter(
    (file) =>
      !file.startsWith(`cli${sep}`) && /process\.exit\(|console\.|process\.std(out|err)/.test(readFileSync(join('src', file), 'utf8')),
  );
  assert.equal(loud, []);
});

test.run();
