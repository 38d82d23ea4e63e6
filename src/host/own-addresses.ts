/** Our own addresses: a probe may carry a second one as source. */
import { networkInterfaces } from 'node:os';
import { type Address, familyOf, parseAddress } from '../wire/address.ts';

/** RFC 1122 §3.2.1.3, RFC 3927, RFC 4291 §2.5.3 and §2.5.6. */
const OF_LINK = /^(127\.|169\.254\.|::1$|fe[89ab][0-9a-f]:)/;

/**
 * Those of one family and of wider scope than a link, of interfaces that are up: first those of the interface that `beside` is on,
 * then those on loopback, which routers know, then the rest. Without `beside` itself.
 */
export function ownAddresses(beside: Address): Address[] {
  const all = Object.values(networkInterfaces()).flatMap((entries = []) => {
    const addresses = entries.flatMap(({ address }) => parseAddress(address) ?? []);
    const rank = addresses.includes(beside) ? 0 : entries.some(({ internal }) => internal) ? 1 : 2;
    return addresses.map((address) => ({ address, rank }));
  });
  return all
    .filter(({ address }) => address !== beside && familyOf(address) === familyOf(beside) && !OF_LINK.test(address))
    .sort((one, other) => one.rank - other.rank)
    .map(({ address }) => address);
}

/** All of wider scope than a link, IPv4 first; private ones are among them. */
export function globalAddresses(): Address[] {
  const entries = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  const known = entries.flatMap(({ address }) => parseAddress(address) ?? []).filter((address) => !OF_LINK.test(address));
  return [...new Set(known)].toSorted((one, other) => familyOf(one) - familyOf(other));
}
