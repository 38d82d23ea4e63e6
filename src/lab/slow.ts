/** Links that delay: by themselves, as their topology says, or by a fault on top. */
import { availableParallelism } from 'node:os';
import { type Fault, NO_FAULT } from '../topology/fault.ts';
import type { Link, Topology } from '../topology/topology.ts';
import { eachOf, inside, run } from './command.ts';
import { directionsOf } from './direction.ts';
import { faultBatch } from './maps.ts';
import { attachLines } from './pins.ts';
import { startRelay } from './relay.ts';

export const isSlow = ({ delayMs, jitterMs }: Pick<Link, 'delayMs' | 'jitterMs'>): boolean => delayMs > 0 || jitterMs > 0;

/** Whether packets must be held for it, so that the link needs a relay. */
export const waits = (fault: Fault): boolean => isSlow(fault) || fault.reorder > 0 || fault.rate !== null;

/** With what the link does by itself. */
export const withOwn = (link: Link, fault: Fault): Fault => ({
  ...fault,
  delayMs: link.delayMs + fault.delayMs,
  jitterMs: link.jitterMs + fault.jitterMs,
});

/** Makes the topology's own delays in a lab that is being raised. Resolves to link → relay. */
export async function slowDown(topology: Topology): Promise<Record<string, number>> {
  const { name } = topology;
  const slow = topology.links.filter(isSlow);
  const relays: Record<string, number> = {};
  await eachOf(slow, availableParallelism(), async (link) => {
    relays[link.id] = await startRelay(topology, link);
  });
  const directions = slow.flatMap((link) => directionsOf(topology, link).map((direction) => ({ ...direction, link })));
  const input = directions.map(({ number, device, link }) => faultBatch(name, number, withOwn(link, NO_FAULT), device)).join('');
  if (slow.length > 0) await run(name, { argv: ['bpftool', 'batch', 'file', '-'], input });
  await eachOf(topology.nodes, availableParallelism(), async (node) => {
    const lines = directions.filter(({ end }) => end.node === node.name);
    const batch = lines.map(({ end, number }) => attachLines(name, end.interface, 'egress', 'fault', number)).join('');
    if (batch !== '') await run(name, inside(name, node.name, { argv: ['tc', '-batch', '-'], input: batch }));
  });
  return relays;
}
