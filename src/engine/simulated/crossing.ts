/** One packet over one direction of a link: what is wrong with it. Nothing is kept of a lost one. */
import type { Fault, Share } from '../../topology/fault.ts';
import { innermostHash } from './flow.ts';
import type { Family } from './header.ts';
import type { Direction, Port } from './network.ts';
import { fits } from './policer.ts';
import { travel } from './waiting.ts';
import type { World } from './world.ts';

/** The packet is the link's from here on: nobody else may change its bytes. */
export function cross(world: World, port: Port, family: Family, packet: Uint8Array): void {
  const direction = port.out;
  if (!direction.up) return;
  if (isLinkTalk(family, packet)) {
    world.agenda.enter({ atNs: world.nowNs + world.hopNs, kind: 'arrival', port: direction.far, family, packet });
    return;
  }
  const copies = survive(world, direction, family, packet);
  if (copies > 0) travel(world, direction, family, packet);
  if (copies > 1) travel(world, direction, family, packet.slice());
}

/** The largest packet that leaves this way: what the sending router knows. */
export const mtuOf = ({ link, fault }: Direction): number => fault.mtu ?? link.mtu;

/** Counts the packet, applies the direction's fault, and says how many copies of it go on. */
function survive({ random, nowNs }: World, direction: Direction, family: Family, packet: Uint8Array): 0 | 1 | 2 {
  const { fault, tally, salt } = direction;
  const before = tally.seen;
  tally.seen += 1;
  if (fault.policer !== null && !fits(direction.line.policed, fault.policer, nowNs)) {
    tally.lost += 1;
    return 0;
  }
  if (fault.flowLoss && innermostHash(family, packet, salt) % fault.flowLoss.of < fault.flowLoss.lost) {
    tally.flowLost += 1;
    return 0;
  }
  if (isLost(fault, before, random.fraction)) {
    tally.lost += 1;
    return 0;
  }
  if (happens(fault.corrupt, random.fraction)) {
    packet[packet.length - 1]! ^= 1;
    tally.corrupted += 1;
  }
  if (!happens(fault.duplicate, random.fraction)) return 1;
  tally.duplicated += 1;
  return 2;
}

const isLost = ({ blackhole, exact, loss }: Fault, before: number, chance: () => number): boolean =>
  blackhole || (exact !== null && isInShare(exact, before)) || happens(loss, chance);

const isInShare = ({ lost, of }: Share, before: number): boolean => before % of >= of - lost;

const happens = (rate: number, chance: () => number): boolean => rate > 0 && chance() < rate;

/** Neighbour discovery (ICMPv6 133–137, RFC 4861): a link without it is none, so faults let it pass, and delays too. */
const isLinkTalk = (family: Family, packet: Uint8Array): boolean =>
  family.number === 6 && packet[6] === 58 && packet[40]! >= 133 && packet[40]! <= 137;
