/** The codes of problems are promises: docs/json.md lists those that the sources can say, and no other. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT_OF } from '../../src/error.ts';

const ROOMS = ['boomerang', 'cli', 'engine', 'trace'];
/** Its codes are of a file, not of a run: docs/decode.md has them. */
const DECODE = join('commands', 'decode.ts');

function said(): Set<string> {
  const sources = ROOMS.flatMap((room) =>
    readdirSync(join('src', room), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && file !== DECODE)
      .map((file) => readFileSync(join('src', room, file), 'utf8')),
  );
  const codes = sources.flatMap((text) =>
    [...text.matchAll(/\bcode: [^,;}]*/g)].flatMap(([words]) => words.match(/(?<=')[A-Z][A-Z_]+(?=')/g) ?? []),
  );
  return new Set([...codes, ...Object.keys(EXIT_OF)]);
}

test('every code that can be said is in docs/json.md, and no other', () => {
  const rows = readFileSync('docs/json.md', 'utf8').matchAll(/^\| `([A-Z_]+)` \|/gm);
  const documented = [...rows].map(([, code]) => code!);
  assert.is(new Set(documented).size, documented.length, 'a code stands twice');
  assert.equal(documented.toSorted(), [...said()].toSorted());
});

test.run();
