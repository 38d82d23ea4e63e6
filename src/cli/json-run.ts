/** Reads what `--json` printed: the events of one run, each held to what is used of it. */
import { BeaconError } from '../error.ts';
import { EVENT_VERSION, type Event } from '../report/event.ts';
import { parseAddress } from '../wire/address.ts';
import { places } from './json-place.ts';

/** What a field must be, in words. */
interface Kind {
  readonly is: string;
  readonly holds: (value: unknown) => boolean;
}

const kind = (is: string, holds: (value: unknown) => boolean): Kind => ({ is, holds });
const whole = (least: number, most: number): Kind =>
  kind(
    `a whole number from ${least} to ${most}`,
    (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  );
const listOf = (one: Kind): Kind => kind(`a list, each ${one.is}`, (value) => Array.isArray(value) && value.every(one.holds));
const orNull = (one: Kind): Kind => kind(`${one.is} or null`, (value) => value === null || one.holds(value));
const objectOf = (fields: Readonly<Record<string, Kind>>): Kind =>
  kind(`an object with ${Object.keys(fields).join(', ')}`, (value) =>
    isObject(value) ? Object.entries(fields).every(([name, one]) => one.holds(value[name])) : false,
  );

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const TEXT = kind('text', (value) => typeof value === 'string');
const YES_NO = kind('true or false', (value) => typeof value === 'boolean');
const NUMBER = kind('a number', (value) => typeof value === 'number');
/** The last that a date can hold. */
const TIME = kind('milliseconds since 1970', (value) => typeof value === 'number' && value >= 0 && value <= 8.64e15);
const SPAN = kind('milliseconds', (value) => typeof value === 'number' && value >= 0);
const ADDRESS = kind('an address', (value) => typeof value === 'string' && parseAddress(value) !== null);
const COUNT = whole(0, Number.MAX_SAFE_INTEGER);
const POSITION = whole(0, 255);
/** A spray may have very many paths. */
const PART = whole(1, 10_000_000);
const COMMANDS: readonly string[] = ['trace', 'reverse', 'between', 'paths', 'probe', 'spray', 'locate', 'scan'];
const COMMAND = kind(`one of ${COMMANDS.join(', ')}`, (value) => COMMANDS.includes(value as string));
const SHARE = kind('a share from 0 to 1', (value) => typeof value === 'number' && value >= 0 && value <= 1);
/** Strictly between the two, as a confidence is. */
const CONFIDENCE = kind('a share between 0 and 1', (value) => typeof value === 'number' && value > 0 && value < 1);
const VALUE = kind('a number or a text', (value) => typeof value === 'number' || typeof value === 'string');
/** A version before this one did not tell it. */
const orMissing = (one: Kind): Kind => kind(one.is, (value) => value === undefined || one.holds(value));
const FACT_VALUE = orNull(kind('a text, a number, true or false', (value) => ['string', 'number', 'boolean'].includes(typeof value)));
const FACT = objectOf({ value: FACT_VALUE });
const EXTENT = objectOf({ value: orNull(COUNT), bound: orNull(TEXT) });
const BETWEEN = orNull(objectOf({ value: NUMBER, low: NUMBER, high: NUMBER }));
const ESTIMATE = orNull(objectOf({ loss: orNull(SHARE), low: orNull(SHARE), high: orNull(SHARE) }));
const NAMED = { fromName: orNull(TEXT), toName: orNull(TEXT) };
const ROUND_TRIPS = orNull(objectOf({ min: SPAN, p50: SPAN, p95: SPAN, max: SPAN }));
const SPRAYED = { part: PART, position: POSITION, address: orNull(ADDRESS), size: orNull(COUNT), sent: COUNT, received: COUNT };
const COUNTS = kind('counts by kind', (value) => isObject(value) && Object.values(value).every(COUNT.holds));

/** Types and fields that are not here are of no use to a comparison, and are not looked at. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  start: { timeMs: TIME, command: COMMAND, source: ADDRESS, target: ADDRESS, targetName: orNull(TEXT) },
  hop: {
    position: POSITION,
    address: orNull(ADDRESS),
    others: listOf(ADDRESS),
    rttMs: listOf(orNull(SPAN)),
    icmp: orNull(objectOf({ type: whole(0, 255), code: whole(0, 255) })),
  },
  path: { part: PART, hops: listOf(orNull(ADDRESS)) },
  tally: {
    part: PART,
    position: POSITION,
    address: orNull(ADDRESS),
    state: TEXT,
    sent: COUNT,
    received: COUNT,
    lost: COUNT,
    errors: COUNTS,
    rttMs: ROUND_TRIPS,
  },
  count: { ...SPRAYED, lost: COUNT, rttMs: ROUND_TRIPS },
  flow: { ...SPRAYED, field: TEXT, value: VALUE },
  sprayed: { unknown: COUNT },
  plan: { confidence: orMissing(CONFIDENCE) },
  link: { from: ADDRESS, to: ADDRESS, ...NAMED, is: TEXT, forward: ESTIMATE, backward: ESTIMATE, both: ESTIMATE },
  latency: { from: ADDRESS, to: ADDRESS, ...NAMED, leastMs: BETWEEN, medianMs: BETWEEN, confidence: orMissing(CONFIDENCE) },
  verdict: {
    kind: kind('clear, suspect or unknown', (value) => ['clear', 'suspect', 'unknown'].includes(value as string)),
    suspects: listOf(objectOf({ loss: SHARE, low: SHARE, high: SHARE })),
  },
  node: { id: COUNT, addresses: listOf(ADDRESS), name: orNull(TEXT), missed: orNull(SHARE) },
  edge: { from: COUNT, to: COUNT, sure: YES_NO },
  scan: {
    position: POSITION,
    address: ADDRESS,
    decapsulates: listOf(objectOf({ address: ADDRESS, nesting: TEXT, value: FACT_VALUE })),
    sources: kind('facts by kind', (value) => isObject(value) && Object.values(value).every(FACT.holds)),
    ...Object.fromEntries(['place', 'reversePathCheck', 'ttl', 'ecn', 'icmpLimit'].map((name) => [name, FACT])),
    dscp: objectOf({ value: FACT_VALUE, remarkedTo: orNull(COUNT) }),
    depth: EXTENT,
    size: EXTENT,
  },
  problem: { message: TEXT },
  end: { reached: orNull(YES_NO), interrupted: YES_NO },
};

/** Throws BeaconError ERR_FILE with line and column. `file` is what the messages call it. */
export function parseRun(text: string, file: string): Event[] {
  const events: Event[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const event = parsed(line, (at, what) => wrong(`${file}, line ${index + 1}, column ${at + 1}: ${what}`));
    const first = event.type === 'start' ? events.find(({ type }) => type === 'start') : undefined;
    if (first !== undefined && !isScan(first, event))
      throw wrong(`${file}, line ${index + 1}, column 1: a second run starts: give one run a file`);
    events.push(event);
  }
  return events;
}

/** Of several hosts, with a start for each. */
const isScan = (...starts: readonly Event[]): boolean => starts.every((start) => start.type === 'start' && start.command === 'scan');

const wrong = (message: string): BeaconError => new BeaconError('ERR_FILE', message);

function parsed(line: string, refusal: (at: number, what: string) => BeaconError): Event {
  const { fault, values } = places(line);
  if (fault !== null) {
    const what = fault === line.length ? 'the line ends too early' : `${JSON.stringify(line[fault])} is not JSON here`;
    throw refusal(fault, `${what}; give what --json printed, or a recording of --write`);
  }
  const event: unknown = JSON.parse(line);
  if (!isObject(event) || typeof event.type !== 'string') throw refusal(0, 'this is no event: it has no "type" (docs/json.md)');
  if (event.v !== EVENT_VERSION)
    throw refusal(values.get('v') ?? 0, `"v" is ${shown(event.v)}: this braceroute reads version ${EVENT_VERSION}`);
  for (const [name, { is, holds }] of Object.entries(FIELDS[event.type] ?? {})) {
    if (!holds(event[name])) throw refusal(values.get(name) ?? 0, `"${name}" of ${event.type} is ${shown(event[name])}, not ${is}`);
  }
  return event as unknown as Event;
}

const LONGEST_SHOWN = 40;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
