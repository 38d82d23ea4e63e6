/** The simulation's one loop: takes what is due, soonest first, until something reached the vantage. */
import { sendError, type Visit } from './answer.ts';
import { capture } from './capture.ts';
import { visit } from './router.ts';
import { release } from './waiting.ts';
import { type Arrival, nodeAt, type World } from './world.ts';

/** So many events are handled at a stretch; between stretches timers and signals run. */
const STRETCH = 20_000;

/** Moves the clock to the first instant at which the vantage captures something, or to `untilNs`. False: not there yet. */
export function advance(world: World, untilNs: number): boolean {
  for (let handled = 0; handled < STRETCH; handled += 1) {
    const nextNs = world.agenda.nextNs();
    if (world.captured.length > 0 && nextNs > world.nowNs) return true;
    if (nextNs > untilNs) {
      world.nowNs = Math.max(world.nowNs, untilNs);
      return true;
    }
    world.nowNs = Math.max(world.nowNs, nextNs);
    handle(world, world.agenda.take()!);
  }
  return false;
}

function handle(world: World, event: Arrival): void {
  if (event.kind === 'act') event.act();
  else if (event.kind === 'unresolved') sendError(world, event, 'noHost');
  else if (event.kind === 'self')
    capture(world, null, event.family, event.packet); // an error or a reply: nothing comes of it
  else if (event.kind === 'held') release(world, event);
  else if (event.port.out.up) receive(world, event); // else the link went down with the packet on it
}

function receive(world: World, { port, family, packet }: Visit): void {
  if (nodeAt(world, port).topology.vantage) {
    if (world.matcher?.(family, packet)) return;
    capture(world, port, family, packet);
  }
  visit(world, port, family, packet);
}
