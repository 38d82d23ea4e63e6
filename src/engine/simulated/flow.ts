/** Which packets go together: what a router hashes to choose among equal ways, and what a flow fault goes by. */
import { type Family, innerFamily, u16, u32 } from './header.ts';

export const mix32 = (hash: number, word: number): number => {
  const once = Math.imul(hash ^ word, 0x9e3779b1);
  const twice = Math.imul(once ^ (once >>> 15), 0x85ebca6b);
  return twice ^ (twice >>> 13);
};

/** The kernel's fib_multipath_hash_policy: 0 addresses (and IPv6 flow label), 1 addresses, protocol and ports. */
export type HashPolicy = 0 | 1;

/** 32 bits of what a router of this policy sees of the outermost header. */
export function pathHash(family: Family, packet: Uint8Array, salt: number, policy: HashPolicy): number {
  const hash = addressHash(family, packet, salt);
  if (policy === 0) return family.number === 6 ? mix32(hash, u32(packet, 0) & 0xfffff) >>> 0 : hash >>> 0;
  return portHash(family, packet, hash);
}

/** 32 bits of the innermost addresses, protocol and ports. */
export function innermostHash(family: Family, packet: Uint8Array, salt: number): number {
  const inner = innerFamily(packet[family.protocolAt]!);
  const rest = packet.subarray(family.number === 4 ? (packet[0]! & 15) * 4 : 40);
  if (inner && rest.length >= inner.headerLength) return innermostHash(inner, rest, salt);
  return portHash(family, packet, addressHash(family, packet, salt));
}

function addressHash({ sourceAt, addressLength }: Family, packet: Uint8Array, salt: number): number {
  let hash = salt;
  for (let at = sourceAt; at < sourceAt + 2 * addressLength; at += 4) hash = mix32(hash, u32(packet, at));
  return hash;
}

const HAS_PORTS = new Set([6, 17]);

function portHash(family: Family, packet: Uint8Array, hash: number): number {
  const { protocol, at } = family.upper(packet);
  const withProtocol = mix32(hash, protocol);
  if (!HAS_PORTS.has(protocol) || family.isFragment(packet) || at + 4 > packet.length) return withProtocol >>> 0;
  return mix32(mix32(withProtocol, u16(packet, at)), u16(packet, at + 2)) >>> 0;
}
