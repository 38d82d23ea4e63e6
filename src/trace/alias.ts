/**
 * Whether two addresses are one router's: what was unwrapped at the one and is for the other needs no further hop, so that a ttl of 1 is
 * enough. Only routers that decapsulate can be asked so.
 */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import { FAR, type Flow } from '../probe/itinerary.ts';
import { isOutcome } from '../probe/observation.ts';
import { type Question, question } from '../probe/question.ts';
import type { Address } from '../wire/address.ts';
import { meaningOf } from './hop.ts';

/** One equal way home in two, or one of four dead, hides a router from as many once in sixteen, or 256. */
const TRIES = 4;
const GAP_NS = 20_000_000;

/** Address → the number of its router, from 1; an address that is not shown to be of another's router has a number of its own. */
export async function routersOf(
  engine: Engine,
  asking: Asking,
  us: Address,
  flow: Flow,
  addresses: readonly Address[],
  patienceNs: number,
  gapNs: number = GAP_NS,
): Promise<Map<Address, number>> {
  const routers = new Map<Address, number>();
  let count = 0;
  for (const first of addresses) {
    if (routers.has(first)) continue;
    count += 1;
    routers.set(first, count);
    const rest = addresses.filter((address) => !routers.has(address));
    for (const same of await sameRouter(engine, asking, us, flow, first, rest, { patienceNs, gapNs })) routers.set(same, count);
  }
  return routers;
}

async function sameRouter(
  engine: Engine,
  asking: Asking,
  us: Address,
  flow: Flow,
  first: Address,
  others: readonly Address[],
  { patienceNs, gapNs }: { patienceNs: number; gapNs: number },
): Promise<Set<Address>> {
  const asked = new Map<Question, Address>();
  for (let attempt = 0; attempt < TRIES; attempt += 1)
    for (const other of others) {
      const [at, inside] = attempt % 2 === 0 ? [first, other] : [other, first]; // the way to one of the two may be dead
      asked.set(await fromOneToOther(engine, us, otherFlow(flow, attempt), at, inside), other);
    }
  const same = new Set<Address>();
  const told = new Set<Address>();
  const open = function* (): Generator<Question> {
    for (const [question, other] of asked) if (!told.has(other)) yield question;
  };
  for await (const seen of asking.ask(open(), { everyNs: () => gapNs, timeoutNs: () => patienceNs, settle: 'first' })) {
    if (!isOutcome(seen)) continue;
    const other = asked.get(seen.probe.question)!;
    if (seen.kind === 'landed') same.add(other);
    if (seen.kind === 'landed' || meaningOf(seen, INNER) === 'hop') told.add(other); // its ttl ran out: the other is further away
  }
  return same;
}

/** The layer with the ttl of 1. */
const INNER = 1;

/** Unwrapped at the one, with a ttl of 1 for the other, and home from there. */
function fromOneToOther(engine: Engine, us: Address, flow: Flow, at: Address, inside: Address): Promise<Question> {
  const layers = [
    { source: us, destination: at, ttl: FAR },
    { source: us, destination: inside, ttl: 1 },
    { source: us, destination: us, ttl: FAR },
  ];
  return question(engine, { layers, flow, landing: 1 }, 0);
}

/** One of several equal ways home may be dead: each attempt goes home as another flow. */
const otherFlow = (flow: Flow, attempt: number): Flow => ({ ...flow, sourcePort: (flow.sourcePort + attempt * PORT_STEP) % 65_536 || 1 });
const PORT_STEP = 7919;
