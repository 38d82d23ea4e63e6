/** The subnets of links: a /30 and a /126, so both addresses of a link differ in their last two bits only. */
import { type Address, addressBytes, addressText, type FamilyNumber } from '../wire/address.ts';

export const SUBNET_LENGTH: Readonly<Record<FamilyNumber, number>> = { 4: 30, 6: 126 };
export const HOST_LENGTH: Readonly<Record<FamilyNumber, number>> = { 4: 32, 6: 128 };

/** The first address of the /30 or /126 that holds this one. */
export function subnetOf(address: Address): Address {
  const bytes = addressBytes(address);
  bytes[bytes.length - 1]! &= 0xfc;
  return addressText(bytes);
}

/** A /30 keeps its first and last address for itself, a /126 its first (the routers' anycast address, RFC 4291 §2.6.1). */
export function isHostOfSubnet(address: Address): boolean {
  const bytes = addressBytes(address);
  const host = bytes[bytes.length - 1]! & 3;
  return host !== 0 && (bytes.length === 16 || host !== 3);
}
