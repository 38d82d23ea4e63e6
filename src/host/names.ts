/** Names and addresses as this machine's resolver knows them: hosts file, nsswitch and name servers alike. */
import { type LookupAddress, promises } from 'node:dns';
import { type Address, type FamilyNumber, parseAddress } from '../wire/address.ts';

/** What engine/names.ts calls Names; told here because this room stands before that one. */
export interface SystemNames {
  addresses(name: string, family: FamilyNumber | null): Promise<readonly Address[]>;
  name(address: Address): Promise<string | null>;
}

/** The two questions that getaddrinfo and getnameinfo answer. */
export interface Resolver {
  lookup(name: string, options: { all: true; verbatim: true; family: 0 | FamilyNumber }): Promise<readonly LookupAddress[]>;
  lookupService(address: string, port: number): Promise<{ hostname: string }>;
}

/** getnameinfo holds a thread for as long as a dead name server takes; of the pool's four one stays free for everything else. */
const AT_ONCE = 3;
/** Answers kept; the oldest go first. */
const MOST_KEPT = 4096;

/** Each address is asked for its name once. Unknown names and failing name servers are empty answers, never errors. */
export function systemNames(resolver: Resolver = promises): SystemNames {
  const take = turns(AT_ONCE);
  const known = new Map<Address, Promise<string | null>>();
  return {
    addresses: (name, family) => addressesOf(resolver, name, family),
    name: (address) => {
      const before = known.get(address);
      if (before !== undefined) return before;
      const asked = take(() => nameOf(resolver, address));
      known.set(address, asked);
      if (known.size > MOST_KEPT) known.delete(known.keys().next().value!);
      return asked;
    },
  };
}

/** In the resolver's order (RFC 6724), which knows what this machine can reach. Addresses with a zone are left out. */
async function addressesOf(resolver: Resolver, name: string, family: FamilyNumber | null): Promise<Address[]> {
  try {
    const found = await resolver.lookup(name, { all: true, verbatim: true, family: family ?? 0 });
    const addresses = found.map(({ address }) => parseAddress(address)).filter((address) => address !== null);
    return [...new Set(addresses)];
  } catch {
    return [];
  }
}

/** getnameinfo answers with the address itself where there is no name. */
async function nameOf(resolver: Resolver, address: Address): Promise<string | null> {
  try {
    const { hostname } = await resolver.lookupService(address, 0);
    return hostname === '' || parseAddress(hostname) !== null ? null : hostname;
  } catch {
    return null;
  }
}

/** Lets so many calls run at once; the others wait their turn, first come first served. */
function turns(atOnce: number): <Value>(call: () => Promise<Value>) => Promise<Value> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (call) => {
    if (running === atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await call();
    } finally {
      const next = waiting.shift(); // takes over this turn
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
