/** What a spray needs to know of this machine: its way out as a link header, and every interface that answers may come in by. */
import type { Addon } from '../../host/addon.ts';
import { ownMac } from '../../host/own-mac.ts';
import type { HostRoute } from '../../host/route.ts';
import { loadSenderAddon, SEND_OBJECT } from '../../host/spray-native.ts';
import { setUint16 } from '../../wire/fields.ts';
import type { SprayHost } from './spray.ts';

/** Hardware types of netdevice(7) whose frames begin with an Ethernet header. */
const ETHERNET = new Set([1, 772]);
const IFF_UP = 0x1;
const MAC_LENGTH = 6;
const HEADER = 14;

/** Throws ERR_ENGINE where the addon for sprays is not built. */
export function sprayHost(addon: Addon, way: HostRoute, own: Pick<SprayHost, 'nowNs' | 'look' | 'tap'>): SprayHost {
  const all = addon.interfaces();
  const hasLinkHeader = (index: number): boolean => ETHERNET.has(all.find((one) => one.index === index)?.hardwareType ?? 0);
  const up = all.filter(({ flags, index }) => index === way.interface.index || ((flags & IFF_UP) !== 0 && isNotLoopback(index, all)));
  const receiveDrops = (): number => up.reduce((sum, { index }) => sum + (addon.counters(index)?.received ?? 0), 0);
  const before = receiveDrops();
  const link = hasLinkHeader(way.interface.index) ? ethernet(way) : new Uint8Array(0);
  const senders = loadSenderAddon();
  return {
    addon: senders,
    device: way.interface,
    driver: senders.sprayFeatures(way.interface.name, 0, SEND_OBJECT, false).driver,
    devices: up.map(({ name, index }) => ({ name, index, hasLinkHeader: hasLinkHeader(index) })),
    linkHeader(etherType) {
      if (link.length === 0) return link;
      const header = link.slice();
      setUint16(header, 2 * MAC_LENGTH, etherType);
      return header;
    },
    realtimeAheadNs: Number(addon.realtimeAheadNs()),
    receiveDrops: () => receiveDrops() - before,
    ...own,
  };
}

const LOOPBACK = 772;
const isNotLoopback = (index: number, all: ReturnType<Addon['interfaces']>): boolean =>
  all.find((one) => one.index === index)?.hardwareType !== LOOPBACK;

/** Over loopback both addresses are zero. */
function ethernet({ interface: device, nextHopMac }: HostRoute): Uint8Array {
  const header = new Uint8Array(HEADER);
  if (nextHopMac === null) return header;
  header.set(nextHopMac, 0);
  header.set(ownMac(device.name), MAC_LENGTH);
  return header;
}
