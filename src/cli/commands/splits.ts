/** What `--flows` adds to a trace: where its path splits, and which fields of a probe move each split. */
import type { Asking } from '../../probe/ask.ts';
import type { Flow } from '../../probe/itinerary.ts';
import type { Hop } from '../../trace/hop.ts';
import type { Carries, PathEnds } from '../../trace/path-kind.ts';
import { searchSplits } from '../../trace/split-search.ts';
import { isPrivate } from '../../wire/scope.ts';
import { addressOf } from '../hop-event.ts';
import type { Network } from '../network.ts';
import { type PermissionOptions, publicHop } from '../permission.ts';
import type { Said } from '../session.ts';

export interface SplitsOptions extends PermissionOptions {
  readonly flow: Flow;
  readonly carries: Carries;
  /** Values of each field. */
  readonly flows: number;
  readonly timeoutNs: number;
}

export async function* splitEvents(
  network: Network,
  asking: Asking,
  ends: PathEnds,
  hops: readonly Hop[],
  options: SplitsOptions,
): AsyncGenerator<Said> {
  const { flow, carries, flows, timeoutNs } = options;
  // answers must find it, so it is as public as ours
  const second = network.ownAddresses?.(ends.us).find((address) => isPrivate(address) === isPrivate(ends.us)) ?? null;
  const asked = { ends, flow, carries, values: flows, second, hops: hops.map(addressOf) };
  const mayVisit = (address: string): boolean => options.iOwnThis === true || publicHop([address], options) === null;
  const { splits, tried } = await searchSplits(network.engine, asking, asked, hops, { timeoutNs, mayVisit });
  for (const { ttl, from, next, movedBy, perPacket } of splits)
    yield { type: 'split', position: ttl - 1, ttl, from, next, movedBy, perPacket };
  yield { type: 'flows', splits: splits.length, fields: tried };
}
