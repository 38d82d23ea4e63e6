/** Checksums of UDP (RFC 768, RFC 8200 §8.1), ICMP (RFC 792) and ICMPv6 (RFC 4443): what each sums besides its own bytes. */
import { type Address, addressBytes, familyOf } from './address.ts';
import { onesSum } from './checksum.ts';
import { UDP_PROTOCOL } from './family.ts';

export const UDP_HEADER = 8;
export const ECHO_HEADER = 8;

/**
 * The folded sum over the pseudo-header of a transport of this protocol and length; 0 for ICMP in IPv4, which has none.
 * The pseudo-headers of the two families differ only in the addresses' length once every word is summed.
 */
export function pseudoSum(source: Address, destination: Address, protocol: number, length: number): number {
  if (familyOf(source) === 4 && protocol !== UDP_PROTOCOL) return 0;
  return onesSum(addressBytes(source), 0, undefined, onesSum(addressBytes(destination)) + protocol + length);
}

/** Where the checksum field stands in the header. */
export const CHECKSUM_AT: Readonly<Record<'udp' | 'icmp', number>> = { udp: 6, icmp: 2 };
