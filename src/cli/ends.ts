/** Where a path starts and ends, from what the user typed. */
import type { Engine, Route } from '../engine/engine.ts';
import { BeaconError } from '../error.ts';
import type { HopMap } from '../topology/hop-map.ts';
import type { PathEnds } from '../trace/path-kind.ts';
import { type Address, type FamilyNumber, familyOf, parseAddress } from '../wire/address.ts';
import { entryBy } from './map-file.ts';
import { type Host, hostOf, type Network } from './network.ts';
import { type PermissionOptions, refuseTranslation, requirePermission } from './permission.ts';

export interface Ends {
  readonly ends: PathEnds;
  readonly source: Host;
  readonly target: Host;
  /** The way to the first header's destination. */
  readonly route: Route;
}

export interface Asked extends PermissionOptions {
  /** The router that the path starts at; null: us. */
  readonly from: string | null;
  /** Where it ends; null: us. */
  readonly to: string | null;
  readonly family: FamilyNumber | null;
  /** Where routers decapsulate, as far as it is known. */
  readonly known?: HopMap | null;
  readonly flowLabel?: number;
}

/** Both ends have one family: that of an address that was typed, else of the first name's first address. */
export async function endsOf({ engine, names }: Network, asked: Asked): Promise<Ends> {
  const { from, to, family, iOwnThis = false, allow = [], known = null } = asked;
  const typed = [from, to].map((text) => text && parseAddress(text)).find((address) => address);
  const wanted = family ?? (typed ? familyOf(typed) : null);
  const far = to === null ? null : await hostOf(names, to, wanted);
  const start = from === null ? null : await hostOf(names, from, wanted ?? (far ? familyOf(far.address) : null));
  const route = await engine.route((start ?? far)!.address);
  if (asked.flowLabel !== undefined && known === null && familyOf(route.source) === 4) {
    throw new BeaconError('ERR_USAGE', `--flow-label ${asked.flowLabel} is of IPv6, and this path is of IPv4: give -6, or leave it out`);
  }
  const us: Host = { address: route.source, name: null };
  if (start?.address === us.address) {
    throw new BeaconError('ERR_USAGE', `${from} is our own address: name another router, or leave -s or -r out to start here`);
  }
  if (start === null)
    return { ends: { kind: 'trace', us: us.address, from: us.address, to: far!.address }, source: us, target: far!, route };
  const entry = await entryBy(engine, us.address, start.address, known);
  const entered = [start.address, entry?.destination ?? null];
  requirePermission(entered, { iOwnThis, allow });
  refuseTranslation(us.address, entered, { allow });
  const home = far === null || (await isOurs(engine, far.address)); // -s X to ourselves is -r X
  const target = home ? us : far;
  const kind = home ? 'reverse' : 'between';
  return { ends: { kind, us: us.address, from: start.address, to: target.address, entry }, source: start, target, route };
}

/** The way to an address of our own leads over loopback or starts there; where no way leads it is somebody else's. */
export async function isOurs(engine: Engine, address: Address): Promise<boolean> {
  try {
    const { source, interface: device } = await engine.route(address);
    return source === address || device === 'lo';
  } catch {
    return false;
  }
}
