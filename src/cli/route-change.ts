/** Whether a path that was looked at again is another one, and what is said of the change. */
import type { ProbedPath } from '../boomerang/path.ts';
import type { Sign } from '../boomerang/route-watch.ts';
import type { SurveyedHop } from '../boomerang/survey.ts';
import { FAMILIES } from '../wire/family.ts';
import type { Ready } from './commands/ready.ts';
import type { Said } from './session.ts';

/** A hop that is silent now and was not, or was and is not, is no change by itself: answers get lost. */
export function isOther(before: Ready, now: Ready, { kind }: Sign): boolean {
  if (before.reached && !now.reached) return false; // in the middle of a change, or the end is dead
  if (kind === 'home') return true;
  const [old, fresh] = [before.path.hops, now.path.hops];
  if (old.length !== fresh.length || old.some((address, i) => address !== null && fresh[i] !== null && address !== fresh[i])) return true;
  return before.hops.some((hop, i) => isVisited(hop) && (!isVisited(now.hops[i]) || (kind === 'error' && !isSameWay(hop, now.hops[i]!))));
}

const isVisited = (hop: SurveyedHop | undefined): boolean => hop !== undefined && hop.waypoints.length > 0;

const isSameWay = (one: SurveyedHop, other: SurveyedHop): boolean =>
  one.waypoints.length === other.waypoints.length &&
  one.waypoints.every(({ out, home }, i) => out === other.waypoints[i]!.out && home === other.waypoints[i]!.home);

/** `10.0.3.2 answered time exceeded on leg 3 of probes to 10.0.4.1 at 12.4 s` */
export function fared({ hops }: ProbedPath, { kind, position, sinceNs, answer, ttls }: Sign, beganNs: bigint): string {
  const to = hops[position - 1] ?? `hop ${position}`;
  const at = `${(Number(sinceNs - beganNs) / 1e9).toFixed(1)} s`;
  if (kind === 'home') return `Since ${at} probes to ${to} are home with ttl ${ttls![1]} instead of ${ttls![0]}`;
  if (kind === 'silence') return `Since ${at} probes to ${to} do not come home`;
  const { from, leg, icmp } = answer!;
  const what = icmp.type === FAMILIES[icmp.family].icmp.timeExceeded ? 'time exceeded' : `ICMP ${icmp.type}/${icmp.code}`;
  return `${from} answered ${what} on leg ${(leg ?? 0) + 1} of probes to ${to} at ${at}`;
}

/** What follows is another part, or nothing where that was the last that there may be. */
export function routeChanged(what: string, { kind }: Sign, part: number, last: number): Said {
  const change = `${what}: the ${kind === 'home' ? 'way home' : 'route'} has changed`;
  if (part < last) return { type: 'problem', code: 'ROUTE_CHANGED', message: `${change}; what follows is part ${part + 1}` };
  return { type: 'problem', code: 'ROUTE_UNSTABLE', message: `${change}, as it did ${part - 1} times before; the run ends here` };
}
