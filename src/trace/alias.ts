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

const TRIES = 2;
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
  for (const other of others) {
    const layers = [
      { source: us, destination: first, ttl: FAR },
      { source: us, destination: other, ttl: 1 },
      { source: us, destination: us, ttl: FAR },
    ];
    asked.set(await question(engine, { layers, flow, landing: 1 }, 0), other);
  }
  const same = new Set<Address>();
  const questions = Array.from({ length: TRIES }, () => [...asked.keys()]).flat();
  for await (const seen of asking.ask(questions, { everyNs: () => gapNs, timeoutNs: () => patienceNs, settle: 'first' })) {
    if (isOutcome(seen) && seen.kind === 'landed') same.add(asked.get(seen.probe.question)!);
  }
  return same;
}
