/** Names and addresses as this machine knows them: by its hosts file and its name servers. */
import { promises } from 'node:dns';
import { readFileSync } from 'node:fs';
import { type Address, type FamilyNumber, parseAddress } from '../wire/address.ts';
import { parseHosts } from './hosts-file.ts';

/** Whoever knows names: the system's resolver for a real network, the topology for a simulated one. */
export interface Names {
  /** The addresses of a name, best first; none where the name is unknown. A family narrows the answer. */
  addresses(name: string, family: FamilyNumber | null): Promise<readonly Address[]>;
  /** The name of an address, or null. */
  name(address: Address): Promise<string | null>;
  /** Resolves when a name that takes longer than this is late; by the wall clock where it is left out. */
  patience?(delayMs: number): Promise<undefined>;
}

/**
 * Where the answers come from. Names of addresses are not left to getnameinfo: it holds a thread for as long as a dead name server
 * takes, and a process cannot exit before (10 s, measured). Queries over sockets end with the process.
 */
export interface NameSource {
  lookup(name: string, options: { all: true; verbatim: true; family: 0 | FamilyNumber }): Promise<readonly { address: string }[]>;
  reverse(address: Address): Promise<readonly string[]>;
  /** The text of the hosts file. */
  hosts(): string;
}

/** Queries under way, out of politeness to the name server. */
const AT_ONCE = 16;
/** Answers kept; the oldest go first. */
const MOST_KEPT = 4096;

/** Each address is asked for its name once. Unknown names and failing name servers are empty answers, never errors. */
export function systemNames(source: NameSource = system()): Names {
  const take = turns(AT_ONCE);
  const known = new Map<Address, Promise<string | null>>();
  let hosts: Map<Address, string> | null = null;
  return {
    addresses: (name, family) => addressesOf(source, name, family),
    name: (address) => {
      const before = known.get(address);
      if (before !== undefined) return before;
      hosts ??= parseHosts(source.hosts());
      const listed = hosts.get(address);
      const asked = listed === undefined ? take(() => nameOf(source, address)) : Promise.resolve(listed);
      known.set(address, asked);
      if (known.size > MOST_KEPT) known.delete(known.keys().next().value!);
      return asked;
    },
  };
}

function system(): NameSource {
  const resolver = new promises.Resolver({ timeout: 1000, tries: 2 });
  return { lookup: promises.lookup, reverse: (address) => resolver.reverse(address), hosts: hostsText };
}

function hostsText(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8');
  } catch {
    return '';
  }
}

/** In the resolver's order (RFC 6724), which knows what this machine can reach. Addresses with a zone are left out. */
async function addressesOf(source: NameSource, name: string, family: FamilyNumber | null): Promise<Address[]> {
  try {
    const found = await source.lookup(name, { all: true, verbatim: true, family: family ?? 0 });
    const addresses = found.map(({ address }) => parseAddress(address)).filter((address) => address !== null);
    return [...new Set(addresses)];
  } catch {
    return [];
  }
}

async function nameOf(source: NameSource, address: Address): Promise<string | null> {
  try {
    const [name] = await source.reverse(address);
    return name === undefined || name === '' || parseAddress(name) !== null ? null : name;
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
