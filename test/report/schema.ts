/** Holds printed lines against docs/events.schema.json, and against what a schema cannot say. */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import * as assert from 'uvu/assert';
import type { Event, TallyEvent } from '../../src/report/event.ts';
import { parseAddress } from '../../src/wire/address.ts';

const ajv = new Ajv2020({ allowUnionTypes: true, strictTuples: false });
ajv.addSchema(JSON.parse(readFileSync('docs/events.schema.json', 'utf8')), 'events');
export const validEvent: ValidateFunction<Event> = ajv.getSchema<Event>('events')!;

/**
 * Each line is one event as the schema has it; addresses are canonical; positions of hops and of tallies rise; tallies add up;
 * there is exactly one `end`, last, and a `start` unless there is a `problem`. Returns the events.
 */
export function assertEvents(lines: readonly string[]): Event[] {
  const events = lines.map(parsed);
  const ends = events.flatMap(({ type }, index) => (type === 'end' ? [index] : []));
  assert.equal(ends, [events.length - 1], 'exactly one end, last');
  assert.ok(
    events.some(({ type }) => ['start', 'comparison', 'tallies', 'problem'].includes(type)),
    'a run starts, or says why not',
  );
  assertRising(events);
  for (const event of events) if (event.type === 'tally') assertSum(event);
  return events;
}

function parsed(line: string): Event {
  const event: unknown = JSON.parse(line, (key, value) => {
    for (const address of addressesUnder(key, value)) assert.is(address, parseAddress(address), `${line}: canonical address`);
    return value;
  });
  assert.ok(validEvent(event), `${line}: ${mistakes(event)}`);
  return event as Event;
}

/** What the schema of this type says, without the other branches of the oneOf. */
function mistakes(event: unknown): string {
  const own = ajv.getSchema(`events#/$defs/${(event as { type?: unknown } | null)?.type}`);
  own?.(event);
  return own?.errors?.map(({ instancePath, message }) => `${instancePath} ${message}`).join(', ') ?? 'no event';
}

const ADDRESS_KEYS = ['address', 'source', 'target', 'others', 'hops'];
const addressesUnder = (key: string, value: unknown): string[] =>
  ADDRESS_KEYS.includes(key) ? [value].flat().filter((each): each is string => typeof each === 'string') : [];

/** Hops and tallies come in position order, each position once, parts one after the other; a start begins anew. */
function assertRising(events: readonly Event[]): void {
  let last = { hop: -1, tally: -1, part: 1 };
  for (const event of events) {
    if (event.type === 'start') last = { hop: -1, tally: -1, part: 1 };
    if (event.type === 'tally' && event.part > last.part) last = { ...last, tally: -1, part: event.part };
    if (event.type === 'tally') assert.is(event.part, last.part, `part ${event.part} after ${last.part}`);
    if (event.type !== 'hop' && event.type !== 'tally') continue;
    assert.ok(event.position > last[event.type], `${event.type} ${event.position} after ${last[event.type]}`);
    last[event.type] = event.position;
  }
}

function assertSum(tally: TallyEvent): void {
  const errors = Object.values(tally.errors).reduce((sum, count) => sum + count, 0);
  const decided = tally.received + tally.lost + tally.unknown + errors;
  assert.ok(decided <= tally.sent, `position ${tally.position}: ${decided} outcomes of ${tally.sent} probes`);
  const { loss, lossLow, lossHigh } = tally;
  assert.ok(loss === null || (lossLow! <= loss && loss <= lossHigh!), `position ${tally.position}: ${lossLow} ≤ ${loss} ≤ ${lossHigh}`);
}
