/** The rate that a run may have: what was asked for, below the ceiling of the links it crosses ("What may be sent"). */
import type { Route } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import { type Ceiling, ceilingOf, type Load, MOST_PACKETS, USUAL_SHARE } from '../probe/load.ts';
import type { Network } from './network.ts';
import type { Said } from './session.ts';

export interface RateOptions {
  /** Probes a second; undefined: as many as is usual; `max`: as many as are allowed. */
  readonly rate?: number | 'max';
  /** The part of a link that probes may take; undefined: 1 %. */
  readonly maxLinkLoad?: number;
}

const USUAL_RATE = 5000;
/** Through addresses that anybody may own. */
const PUBLIC_RATE = 1000;
const MOST_PUBLIC_RATE = 100_000;

/**
 * The rate to send at. A usual rate that is too high is lowered, and that is said; one that was asked for throws ERR_USAGE. A network
 * that is only computed has no ceiling. `isPublic`: a hop has a public address.
 */
export function* permittedRate(
  { engine, linkSpeed }: Pick<Network, 'engine' | 'linkSpeed'>,
  route: Route,
  load: Load | null,
  options: RateOptions,
  isPublic: boolean,
): Generator<Said, number> {
  const share = options.maxLinkLoad ?? USUAL_SHARE;
  const most = isPublic ? MOST_PUBLIC_RATE : Number.POSITIVE_INFINITY;
  const wanted = options.rate === 'max' ? most : (options.rate ?? (isPublic ? PUBLIC_RATE : USUAL_RATE));
  if (load === null || !engine.can.realTime) return wanted;
  if (wanted > most && Number.isFinite(most))
    throw new BeaconError('ERR_USAGE', `--rate ${wanted} is above ${most}, the most through public addresses: give a smaller one`);
  const speed = linkSpeed?.(route.interface) ?? null;
  const ceiling = ceilingOf(load, speed, share);
  if (wanted <= ceiling.rate) return wanted;
  if (options.rate === 'max') return ceiling.rate;
  const why = `${arithmetic(load, route, speed, ceiling, share)}${remedy(wanted, ceiling, share)}`;
  if (options.rate !== undefined) {
    throw new BeaconError('ERR_USAGE', `--rate ${wanted} is above the ceiling of ${ceiling.rate} packets a second: ${why}`);
  }
  yield { type: 'problem', code: 'RATE_LOWERED', message: `The rate is ${ceiling.rate} packets a second, not ${wanted}: ${why}` };
  return ceiling.rate;
}

function arithmetic({ crossings, bytes }: Load, route: Route, speed: number | null, { bound }: Ceiling, share: number): string {
  if (bound === 'packets' || speed === null) {
    return `a probe crosses a link up to ${crossings} times, and a link takes ${(share / USUAL_SHARE) * MOST_PACKETS} of them a second`;
  }
  const part = `${percent(share)} of the ${speed / 1e6} Mb/s of ${route.interface}`;
  return `a probe puts ${Math.round(bytes)} bytes on the busiest link in ${crossings} crossings, and a link takes ${part}`;
}

/** The option that allows what was wanted, where any can. */
function remedy(wanted: number, { rate }: Ceiling, share: number): string {
  const needed = (share * wanted) / rate;
  return needed > 1 ? '' : `; --max-link-load ${percent(Math.ceil(needed * 1000) / 1000)} allows it`;
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))}%`;
