/** What `--flows` adds to a trace: where its path splits, and which fields of a probe move each split. */
import type { Asking } from '../../probe/ask.ts';
import type { Flow } from '../../probe/itinerary.ts';
import type { Hop } from '../../trace/hop.ts';
import type { Carries, PathEnds } from '../../trace/path-kind.ts';
import { searchSplits } from '../../trace/split-search.ts';
import { addressOf } from '../hop-event.ts';
import { otherAddress } from '../layer-source.ts';
import type { Network } from '../network.ts';
import { mayVisit, type PermissionOptions } from '../permission.ts';
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
  const second = otherAddress(ends.us, network);
  const isPermitted = mayVisit(options);
  const visitable = hops.map(addressOf).map((address) => (address !== null && isPermitted(address) ? address : null));
  const asked = { ends, flow, carries, values: flows, second, hops: visitable };
  const { splits, tried } = await searchSplits(network.engine, asking, asked, hops, { timeoutNs, mayVisit: isPermitted });
  for (const { ttl, from, next, movedBy, perPacket } of splits)
    yield { type: 'split', position: ttl - 1, ttl, from, next, movedBy, perPacket };
  yield { type: 'flows', splits: splits.length, fields: tried };
}
