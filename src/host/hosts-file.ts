/** The hosts file (hosts(5)), read for the names of addresses. */
import { type Address, parseAddress } from '../wire/address.ts';

/** The name of each address: the first on its first line, as getnameinfo has it. Lines that make no sense are skipped. */
export function parseHosts(text: string): Map<Address, string> {
  const names = new Map<Address, string>();
  for (const line of text.split('\n')) {
    const [address, name] = line.replace(/#.*/, '').trim().split(/\s+/);
    const canonical = parseAddress(address ?? '');
    if (canonical !== null && name !== undefined && !names.has(canonical)) names.set(canonical, name);
  }
  return names;
}
