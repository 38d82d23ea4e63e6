/** Why a reverse trace did not come home: one question more tells a filter of packets from us to us (LAND) from a dead way. */
import type { Engine } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import type { Asking } from '../probe/ask.ts';
import { FAR, type Flow } from '../probe/itinerary.ts';
import { patienceNsFor } from '../probe/patience.ts';
import { type Question, question } from '../probe/question.ts';
import { type Hop, longestRttNs } from '../trace/hop.ts';
import { type PathEnds, tracePlan } from '../trace/path-kind.ts';
import type { Address } from '../wire/address.ts';
import { type LayerSourceOptions, otherAddress, secondAddress } from './layer-source.ts';
import type { Network } from './network.ts';
import type { Said } from './session.ts';

interface Reverse {
  readonly ends: PathEnds;
  readonly flow: Flow;
  readonly timeoutNs: number;
  readonly hops: readonly Hop[];
}

const TRIES = 3;
const GAP_NS = 25_000_000;
/** Nothing is known of how long the way is. */
const PATIENCE_NS = 500_000_000;

/** `us`, or another address of ours where a landing comes home with that as its source alone; null where none does. */
export async function openTo(second: Address | null, engine: Engine, asking: Asking, reverse: Reverse): Promise<'us' | Address | null> {
  const { ends, flow, timeoutNs, hops } = reverse;
  const questionFor = (named: PathEnds): Promise<Question> => {
    const { layers, landing } = tracePlan(named);
    return question(engine, { layers: layers(FAR), flow, landing }, 0);
  };
  const ours = await questionFor(ends);
  const other = second === null ? [] : [await questionFor({ ...ends, second })];
  const rttNs = longestRttNs(hops);
  const patienceNs = Math.min(timeoutNs, rttNs === 0 ? PATIENCE_NS : patienceNsFor(rttNs));
  const tries = Array.from({ length: TRIES }, () => [ours, ...other]).flat();
  const landed = new Set<Question>();
  for await (const seen of asking.ask(tries, { everyNs: () => GAP_NS, timeoutNs: () => patienceNs, settle: 'first' })) {
    if (seen.kind === 'landed') landed.add(seen.probe.question);
  }
  if (landed.has(ours)) return 'us';
  return landed.size > 0 ? second : null;
}

export const opensTo = (second: Address, { us }: PathEnds): Said => ({
  type: 'problem',
  code: 'LAYER_SOURCE',
  message: `The way home is open to our address ${second} as source, not to ${us}: something drops packets from an address to itself (LAND); --layer-source second traces with it`,
});

/** Of a trace that some hop answered. */
export const notHome = (last: Address, from: string): Said => ({
  type: 'problem',
  code: 'NO_LANDING',
  message: `The probe from ${from} did not come home, and ${last} is the last that was heard of it: a link loses it, or a filter drops it by its source address`,
});

/** With `--layer-source second` the header home carries another address of ours. Throws ERR_USAGE where that cannot be. */
export function withSource(ends: PathEnds, network: Network, { layerSource = 'auto' }: LayerSourceOptions): PathEnds {
  if (layerSource !== 'second') return ends;
  if (ends.kind !== 'reverse') throw new BeaconError('ERR_USAGE', '--layer-source second is of the way home: give -r, or leave it out');
  return { ...ends, second: secondAddress(ends.us, network) };
}

/** The source that is tried where the landing does not come home; null: none. */
export const trial = (ends: PathEnds, network: Network, { layerSource = 'auto' }: LayerSourceOptions): Address | null =>
  layerSource === 'auto' ? otherAddress(ends.us, network) : null;
