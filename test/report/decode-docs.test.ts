/** docs/decode.md names the words and fields that `decode` says, and no others: held against what it says of every fixture. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCapture } from '../../src/capture/capture.ts';
import { emptySlot, fillSlot } from '../../src/capture/slot.ts';
import { jsonOf } from '../../src/report/decode-json.ts';
import { SIGHT_GRADES, SIGHT_KINDS } from '../../src/report/decode-sight.ts';
import { createDecoder } from '../../src/report/decoder.ts';

const DOCS = readFileSync('docs/decode.md', 'utf8');

/** The rows of the table with this head, cell by cell. */
function table(head: string): string[][] {
  const from = DOCS.indexOf(`| ${head} |`);
  assert.is.not(from, -1, `no table "${head}"`);
  const rows = DOCS.slice(from).split('\n\n')[0]!.split('\n').slice(2);
  return rows.map((row) => row.split('|').slice(1, -1));
}

const quoted = (text: string): string[] => [...text.matchAll(/`([A-Za-z0-9]+)`/g)].map(([, word]) => word!);
const firsts = (head: string): string[] => table(head).flatMap(([first]) => quoted(first!));

type Json = Readonly<Record<string, unknown>>;

/** The names of all fields, each with the object that it stands in: `layers.ttl`. */
function fieldsOf(value: unknown, within: string, into: Set<string>): void {
  if (Array.isArray(value)) for (const one of value) fieldsOf(one, within, into);
  else if (typeof value === 'object' && value !== null) {
    const kind = within === 'body' ? `body ${(value as Json).kind}` : within;
    for (const [name, one] of Object.entries(value)) {
      into.add(kind === '' ? name : `${kind}.${name}`);
      fieldsOf(one, name, into);
    }
  }
}

async function said(): Promise<Set<string>> {
  const into = new Set<string>();
  for (const folder of ['fixtures/captures', 'fixtures/captures-plain']) {
    for (const name of readdirSync(folder).filter((file) => /\.pcap(ng)?$/.test(file))) {
      const [decoder, slot] = [createDecoder(), emptySlot()];
      for await (const item of readCapture([Uint8Array.from(readFileSync(join(folder, name)))])) {
        if (item.kind !== 'packet') continue;
        fillSlot(slot, item);
        decoder.look(slot);
        fieldsOf(JSON.parse(jsonOf(slot, decoder.sight)), '', into);
      }
    }
  }
  return into;
}

test('the kinds and grades are those of the tables', () => {
  assert.equal(firsts('kind | is').toSorted(), [...SIGHT_KINDS].toSorted());
  assert.equal(firsts('grade | the probe is known by').toSorted(), [...SIGHT_GRADES].toSorted());
});

test('every field of the JSON stands in the tables of fields, in its object, and no other', async () => {
  const documented = [
    ...firsts('field | is'),
    ...table('object | fields | where').flatMap(([object, fields]) => {
      const name = /`([a-z]+)`(?: of kind `([a-z]+)`)?/.exec(object!)!;
      const within = name[2] === undefined ? name[1]! : `${name[1]} ${name[2]}`;
      return quoted(fields!).map((field) => `${within}.${field}`);
    }),
  ];
  assert.is(new Set(documented).size, documented.length, 'a field stands twice');
  assert.equal(documented.toSorted(), [...(await said())].toSorted());
});

test.run();
