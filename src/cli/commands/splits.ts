/** What `--flows` adds to a trace: where its path splits, and which fields of a probe move each split. */
import type { Asking } from '../../probe/ask.ts';
import type { Flow } from '../../probe/itinerary.ts';
import { patienceNsFor } from '../../probe/patience.ts';
import { routersOf } from '../../trace/alias.ts';
import { type Field, type FieldsAsked, fieldsOf } from '../../trace/field.ts';
import type { Hop } from '../../trace/hop.ts';
import type { Carries, PathEnds } from '../../trace/path-kind.ts';
import { type RouterOf, type Split, splitsOf } from '../../trace/split.ts';
import { type Face, faces } from '../../trace/split-ask.ts';
import type { Address } from '../../wire/address.ts';
import { isPrivate } from '../../wire/scope.ts';
import { addressOf } from '../hop-event.ts';
import type { Network } from '../network.ts';
import { secondAddress } from '../second-address.ts';
import type { Said } from '../session.ts';

export interface SplitOptions {
  readonly flow: Flow;
  readonly carries: Carries;
  readonly flows: number;
  readonly timeoutNs: number;
  /** Nested probes may visit public addresses. */
  readonly iOwnThis: boolean;
}

export async function* splitEvents(
  network: Network,
  asking: Asking,
  ends: PathEnds,
  hops: readonly Hop[],
  { flow, carries, flows, timeoutNs, iOwnThis }: SplitOptions,
): AsyncGenerator<Said> {
  const known = hops.map(addressOf);
  const asked: FieldsAsked = { ends, flow, carries, values: flows, second: await secondAddress(network, ends.us), hops: known };
  const seen: Face[] = [];
  for await (const face of faces(network.engine, asking, asked, hops, timeoutNs)) seen.push(face);
  const fields = fieldsOf(asked);
  const routers = await routersByTtl(network, asking, asked, seen, hops, { timeoutNs, iOwnThis });
  const splits = splitsOf(seen, fields, routers);
  for (const split of splits) yield splitEvent(split);
  yield { type: 'flows', splits: splits.length, fields: fields.map((field) => triedField(field, seen)) };
}

/** Asked of those that answer at one ttl, by nested probes: not of strangers'. */
async function routersByTtl(
  { engine }: Network,
  asking: Asking,
  { ends, flow }: FieldsAsked,
  seen: readonly Face[],
  hops: readonly Hop[],
  { timeoutNs, iOwnThis }: Pick<SplitOptions, 'timeoutNs' | 'iOwnThis'>,
): Promise<RouterOf> {
  const rttNs = Math.max(0, ...hops.flatMap(({ answers }) => answers.map((answer) => answer?.rttNs ?? 0)));
  const patienceNs = Math.min(timeoutNs, patienceNsFor(rttNs));
  const routers = new Map<number, ReadonlyMap<Address, number>>();
  for (const ttl of new Set(seen.map((face) => face.ttl))) {
    const addresses = [...new Set(seen.filter((face) => face.ttl === ttl).map(({ address }) => address))];
    const mayAsk = iOwnThis || addresses.every(isPrivate);
    const asked = mayAsk && addresses.length > 1 ? await routersOf(engine, asking, ends.us, flow, addresses, patienceNs) : null;
    routers.set(ttl, asked ?? new Map(addresses.map((address, index) => [address, index + 1])));
  }
  return (ttl, address) => routers.get(ttl)!.get(address)!;
}

const splitEvent = ({ ttl, from, next, movedBy, perPacket }: Split): Said => ({
  type: 'split',
  position: ttl - 1,
  ttl,
  from,
  next,
  movedBy,
  perPacket,
});

/** As many values as the hop heard that told of the fewest: what was not answered was not tried. */
function triedField({ name }: Field, seen: readonly Face[]): { field: string; values: number; missed: number } {
  const ttls = new Set(seen.filter(({ ttl }) => ttl > 1).map(({ ttl }) => ttl));
  const counts = [...ttls].map(
    (ttl) => new Set(seen.filter((face) => face.ttl === ttl && face.field === name).map(({ value }) => value)).size + 1,
  );
  const values = Math.min(...counts, Number.POSITIVE_INFINITY);
  const least = Number.isFinite(values) ? values : 0;
  return { field: name, values: least, missed: least === 0 ? 1 : 2 ** (1 - least) };
}
