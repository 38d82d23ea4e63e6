/** The other end of a point-to-point link, from one end's address: both differ in the last bits only. */
import { type Address, addressBytes, addressText } from '../wire/address.ts';

/** The addresses that the neighbour may have on the link: in a /31 or /127 (RFC 3021, RFC 6164), or in a /30 or /126. */
export function mates(address: Address): Address[] {
  const last = addressBytes(address).at(-1)!;
  const inQuad = last & 3;
  return inQuad === 1 || inQuad === 2 ? [flipped(address, 3), flipped(address, 1)] : [flipped(address, 1)];
}

function flipped(address: Address, bits: number): Address {
  const bytes = addressBytes(address);
  bytes[bytes.length - 1]! ^= bits;
  return addressText(bytes);
}
