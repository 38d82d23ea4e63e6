/** Which addresses belong to networks that only their owner routes. */
import { BlockList } from 'node:net';
import { type Address, familyOf, parseAddress } from './address.ts';

/** RFC 1918, RFC 6598 (shared), RFC 3927 and RFC 4291 (link-local), RFC 4193 (unique local), loopback, and RFC 5737, RFC 3849 (documentation). */
const PRIVATE = [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['127.0.0.0', 8],
  ['192.0.2.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['fc00::', 7],
  ['fe80::', 10],
  ['::1', 128],
  ['2001:db8::', 32],
] as const;

let list: BlockList | null = null;

export function isPrivate(address: Address): boolean {
  list ??= listOf(PRIVATE);
  return list.check(address, nodeFamily(address));
}

/** Prefixes as `parsePrefix` reads them. */
export const isWithin = (prefixes: readonly string[], address: Address): boolean =>
  prefixes.length > 0 && listOf(prefixes.map((text) => parsePrefix(text)!)).check(address, nodeFamily(address));

/** `192.0.2.0/24`, `2001:db8::/32`, or one address: its network address and length; null for anything else. */
export function parsePrefix(text: string): readonly [network: Address, length: number] | null {
  const [network = '', length, ...rest] = text.split('/');
  const address = parseAddress(network);
  if (address === null || rest.length > 0) return null;
  const bits = familyOf(address) === 4 ? 32 : 128;
  if (length === undefined) return [address, bits];
  return /^\d{1,3}$/.test(length) && Number(length) <= bits ? [address, Number(length)] : null;
}

function listOf(prefixes: readonly (readonly [network: Address, length: number])[]): BlockList {
  const all = new BlockList();
  for (const [network, length] of prefixes) all.addSubnet(network, length, nodeFamily(network));
  return all;
}

const nodeFamily = (address: Address): 'ipv4' | 'ipv6' => (familyOf(address) === 4 ? 'ipv4' : 'ipv6');
