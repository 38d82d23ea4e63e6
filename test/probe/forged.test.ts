// limit: 180 s
/** Ten million answers by somebody who knows all but the key of the run: none is taken for proven. */
import { randomFillSync } from 'node:crypto';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { craft } from '../../src/probe/craft.ts';
import { match } from '../../src/probe/match.ts';
import { createPending } from '../../src/probe/pending.ts';
import { checksum } from '../../src/wire/checksum.ts';
import { setUint16 } from '../../src/wire/fields.ts';
import { balance } from '../../src/wire/identity.ts';
import { A4, asked, expired, itinerary, R4, raw, runFrom } from './plans.ts';

const RUN = runFrom(5);
const SEQUENCE = 17;
const EACH = 2_500_000;
const TAG_LENGTH = 8;
const BALANCE_AT = 6;
const ICMP_AT = 20;

/** A forger's packets: one buffer, in which each time something else is changed. Returns how many were called a landing or proven. */
async function forged(change: (turn: number, tag: Uint8Array) => void, kind: 'landing' | 'quote'): Promise<number> {
  const question = await asked(itinerary([R4[0], A4]));
  const pending = createPending();
  for (let sequence = 0; sequence < 100; sequence += 1) pending.add(sequence, question, 0);
  const probe = craft(question.template, RUN, question.path, SEQUENCE, 1n);
  const landed = probe.subarray(20);
  const packet = raw(kind === 'landing' ? landed : expired(probe));
  const { bytes } = packet;
  const at = Buffer.from(bytes).indexOf(Buffer.from('beac2003', 'hex'));
  const genuine = bytes.slice(at + 20, at + 20 + TAG_LENGTH);
  assert.ok(isTaken(packet), 'the genuine one is');
  let taken = 0;
  for (let turn = 0; turn < EACH; turn += 1) {
    const tag = bytes.subarray(at + 20, at + 20 + TAG_LENGTH);
    tag.set(genuine);
    change(turn, tag);
    if (Buffer.compare(tag, genuine) === 0) continue; // that would be no forgery: by chance once in 2^64
    if (kind === 'landing') {
      setUint16(bytes, at + BALANCE_AT, 0);
      balance(bytes, at, at - 8, bytes.length, question.template.pseudoSum);
    } else {
      setUint16(bytes, ICMP_AT + 2, 0);
      setUint16(bytes, ICMP_AT + 2, checksum(bytes, ICMP_AT, bytes.length));
    }
    if (isTaken(packet)) taken += 1;
  }
  return taken;

  function isTaken(one: typeof packet): boolean {
    const sighting = match(one, RUN, pending);
    return sighting.kind === 'landing' || (sighting.kind === 'answer' && sighting.answer.grade === 'proven');
  }
}

const random = new Uint8Array(TAG_LENGTH * 8192);
const FORGERIES: Readonly<Record<string, (turn: number, tag: Uint8Array) => void>> = {
  'random tags': (turn, tag) => {
    const place = turn % 8192;
    if (place === 0) randomFillSync(random);
    tag.set(random.subarray(place * TAG_LENGTH, (place + 1) * TAG_LENGTH));
  },
  'tags that are one, two or three bits off': (turn, tag) => {
    for (const bit of [turn % 64, (turn >> 6) % 64, (turn >> 12) % 64]) tag[bit >> 3]! ^= 1 << (bit & 7);
  },
};

for (const kind of ['landing', 'quote'] as const) {
  for (const [what, change] of Object.entries(FORGERIES)) {
    test(`${EACH} forged ${kind}s with ${what}: 0 taken for ours`, async () => {
      assert.is(await forged(change, kind), 0);
    });
  }
}

test.run();
