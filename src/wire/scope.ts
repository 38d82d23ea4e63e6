/** Which addresses belong to networks that only their owner routes. */
import { BlockList } from 'node:net';
import { type Address, familyOf } from './address.ts';

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
  list ??= PRIVATE.reduce((all, [network, length]) => {
    all.addSubnet(network, length, nodeFamily(network));
    return all;
  }, new BlockList());
  return list.check(address, nodeFamily(address));
}

const nodeFamily = (address: Address): 'ipv4' | 'ipv6' => (familyOf(address) === 4 ? 'ipv4' : 'ipv6');
