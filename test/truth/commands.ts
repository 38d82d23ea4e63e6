/** The commands' own bodies on a network in memory, and what they tell. */

import * as assert from 'uvu/assert';
import { probeCommand } from '../../src/cli/commands/probe.ts';
import type { ReadyOptions } from '../../src/cli/commands/ready.ts';
import { type TraceCommandOptions, traceCommand } from '../../src/cli/commands/trace.ts';
import type { Network } from '../../src/cli/network.ts';
import { type Body, sessionOn } from '../../src/cli/session.ts';
import type { Event } from '../../src/report/event.ts';
import { nodeNamed, nodeOf } from '../../src/topology/lookup.ts';
import type { Topology, TopologyNode } from '../../src/topology/topology.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';

/** Every command's defaults, as cli/program.ts has them. */
const TRACE: TraceCommandOptions = { protocol: 'udp', port: 33434, dscp: 0, count: 3, timeout: 3, maxHops: 30, firstHop: 1 };
const PROBE: ReadyOptions = {
  port: 33434,
  dscp: 0,
  count: 30,
  rate: 5000,
  maxLoss: 0,
  landing: 'ipip',
  timeout: 3,
  maxHops: 30,
};

export async function ran(network: Network, body: Body, signal: AbortSignal = new AbortController().signal): Promise<Event[]> {
  const events: Event[] = [];
  const exit = await sessionOn(network, body, { event: (event) => void events.push(event), close: () => {} }, signal);
  const ends = events.filter(({ type }) => type === 'end');
  assert.equal([ends.length, ends[0], exit], [1, events.at(-1), endOf(events).exit]);
  return events;
}

/** `4` or `6` as an option of the command line. */
const wanting = (family: FamilyNumber): object => ({ [family]: true });

export const traced = (network: Network, host: string, family: FamilyNumber, options: Partial<TraceCommandOptions>): Promise<Event[]> =>
  ran(network, traceCommand(host, { ...TRACE, ...options, ...wanting(family) }));

export const probed = (network: Network, family: FamilyNumber, options: Partial<ReadyOptions>): Promise<Event[]> =>
  ran(network, probeCommand({ ...PROBE, ...options, ...wanting(family) }));

export const of = <Type extends Event['type']>(events: readonly Event[], type: Type): Extract<Event, { type: Type }>[] =>
  events.filter((event): event is Extract<Event, { type: Type }> => event.type === type);

export const endOf = (events: readonly Event[]): Extract<Event, { type: 'end' }> => of(events, 'end')[0]!;

export const problems = (events: readonly Event[]): string[] => of(events, 'problem').map(({ code }) => code);

/** Whose address this is; `*` for none. */
export const nameIn = (topology: Topology, address: string | null): string =>
  address === null ? '*' : (nodeOf(topology, address)?.name ?? `a stranger, ${address}`);

export const nodeIn = (topology: Topology, name: string): TopologyNode => nodeNamed(topology, name)!;
