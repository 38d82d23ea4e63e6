/** Where one table ends and another begins. */
import type { Event } from './event.ts';

/** The tallies so far have their last state: the run is over, another starts, or its route has changed. */
export const endsPart = (event: Event): boolean =>
  event.type === 'start' || event.type === 'end' || (event.type === 'problem' && event.code === 'ROUTE_CHANGED');
