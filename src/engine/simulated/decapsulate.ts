/** The headers of a packet that a node strips as it comes in (RFC 2003, RFC 2473, both families in any mix). */
import type { Nesting } from '../../topology/behaviour.ts';
import { isFiltered } from './filter.ts';
import { destination, type Family, innerFamily, type Key, setTtl } from './header.ts';
import type { Node, Own, Port } from './network.ts';
import { nodeAt, type World } from './world.ts';

export interface Left {
  readonly family: Family;
  readonly bytes: Uint8Array;
}

/** What is left of a packet for the node to route; null where a filter dropped one of its headers. */
export function decapsulated(world: World, port: Port, whole: Left): Left | null {
  const node = nodeAt(world, port);
  let left = whole;
  for (let layer = 0; ; layer += 1) {
    if (isFiltered({ network: world.network, node, port, family: left.family, packet: left.bytes })) return null;
    const own = layer < node.behaviour.decapsulation.layers ? stripper(world, node, left) : null;
    if (own === null) return left;
    own.decapsulated += 1;
    left = inside(node, left);
  }
}

/** The address that strips this header; null: none does. */
function stripper(world: World, node: Node, { family, bytes }: Left): Own | null {
  const { at, kinds } = node.behaviour.decapsulation;
  const inner = node.topology.decapsulates && isStrippable(family, bytes) ? innerFamily(bytes[family.protocolAt]!) : null;
  const own = inner && ownOrAnothers(world, node, destination(family, bytes));
  if (!inner || !own || own.anycast || (at === 'loopback' && own.port !== null)) return null;
  return kinds.includes(`${inner.number}in${family.number}` as Nesting) ? own : null;
}

/** Another's is not counted as stripped by that one. */
function ownOrAnothers({ network }: World, { own, topology }: Node, address: Key): Own | undefined {
  const theirs = topology.decapsulatesFor.map((name) => network.nodes.get(name)!.own.get(address)).find((one) => one !== undefined);
  return own.get(address) ?? (theirs && { ...theirs });
}

/** A header with options, of a fragment or with a wrong checksum is left to the node itself. */
const isStrippable = (family: Family, bytes: Uint8Array): boolean =>
  family.whole(bytes) !== null && (family.number === 6 || (bytes[0] === 0x45 && !family.isFragment(bytes)));

function inside({ behaviour }: Node, { family, bytes }: Left): Left {
  const left = { family: innerFamily(bytes[family.protocolAt]!)!, bytes: bytes.subarray(family.headerLength) };
  const ttl = bytes[family.ttlAt]!;
  if (behaviour.uniformTtl && left.bytes.length >= left.family.headerLength && left.bytes[left.family.ttlAt]! > ttl)
    setTtl(left.family, left.bytes, ttl);
  return left;
}
