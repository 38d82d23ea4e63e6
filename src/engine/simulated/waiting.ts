/** What keeps a packet on a link: its rate, its delay, its jitter, and being overtaken. Virtual time, and the formulas of bpf/fault.bpf.c. */
import { QUEUE_MS, REORDER_MS } from '../../topology/fault.ts';
import type { Family } from './header.ts';
import type { Direction } from './network.ts';
import type { Arrival, World } from './world.ts';

/** Lets the packet arrive when it may; one that the queue has no room for is counted as lost. */
export function travel(world: World, direction: Direction, family: Family, packet: Uint8Array): void {
  const { line, link, fault } = direction;
  const throughNs = queued(direction, world.nowNs, packet.length);
  if (throughNs === null) {
    direction.tally.lost += 1;
    return;
  }
  const jitterMs = link.jitterMs + fault.jitterMs;
  const jitterNs = jitterMs > 0 ? world.random.fraction() * jitterMs * 1e6 : 0;
  const waitNs = world.hopNs + (link.delayMs + fault.delayMs) * 1e6 + jitterNs;
  const inOrderNs = Math.max(line.lastNs, Math.round(throughNs + waitNs));
  const on = { port: direction.far, family, packet };
  const heldNs = heldFor(world, fault.reorder);
  if (heldNs > 0) {
    world.agenda.enter({ ...on, atNs: world.nowNs + heldNs, kind: 'held', inOrderNs });
    return;
  }
  line.lastNs = inOrderNs;
  world.agenda.enter({ ...on, atNs: inOrderNs, kind: 'arrival' });
}

/** When the last of its bits is sent; null: it would wait for too long. */
function queued({ fault: { rate }, line }: Direction, nowNs: number, length: number): number | null {
  if (rate === null) return nowNs;
  const beginNs = Math.max(line.freeNs, nowNs);
  if (beginNs - nowNs > QUEUE_MS * 1e6) return null;
  line.freeNs = beginNs + Math.floor((length * 8 * 1e9) / rate);
  return line.freeNs;
}

function heldFor({ random, reorder, reorderNs }: World, share: number): number {
  if (reorder > 0 && random.fraction() < reorder) return reorderNs;
  return share > 0 && random.fraction() < share ? REORDER_MS * 1e6 : 0;
}

/** Those that were sent while it waited have their instants now: it goes behind the last of them. */
export function release({ agenda, nowNs }: World, { port, family, packet, inOrderNs }: Extract<Arrival, { kind: 'held' }>): void {
  const { lastNs } = port.out.far.out.line; // of the direction that leads to this port
  agenda.enter({ port, family, packet, atNs: Math.max(nowNs, inOrderNs, lastNs), kind: 'arrival' });
}
