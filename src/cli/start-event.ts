/** The event that opens a run. */
import type { Engine, Route } from '../engine/engine.ts';
import type { Command } from '../report/event.ts';
import type { Host } from './network.ts';
import type { Said } from './session.ts';
import { VERSION } from './version.ts';

export const startEvent = (command: Command, engine: Engine, route: Route, source: Host, target: Host, discovers = true): Said => ({
  type: 'start',
  command,
  version: VERSION,
  engine: engine.name,
  interface: route.interface,
  nextHop: route.nextHop,
  ways: route.ways ?? 1,
  source: source.address,
  sourceName: source.name,
  target: target.address,
  targetName: target.name,
  discovers,
});
