/** Devices on top of others: a bridge over its ports, a bond over its slaves, a VLAN over its device. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const SYSFS = '/sys/class/net';

/** What sysfs links a device to, by the prefix of the link's name; nothing where it is not told. */
function linked(root: string, device: string, prefix: 'upper_' | 'lower_'): string[] {
  try {
    return readdirSync(join(root, device))
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length));
  } catch {
    return [];
  }
}

/** Whether what arrives on `device` goes up to `top`, which may be itself. */
export const leadsTo = (device: string, top: string, root: string = SYSFS): boolean =>
  device === top || linked(root, device, 'upper_').some((upper) => leadsTo(upper, top, root));

/** The devices at the bottom of one, itself where it is one. A bridge counts as the bottom: most of its ports are others' business. */
export function bottomOf(device: string, root: string = SYSFS): string[] {
  const lowers = linked(root, device, 'lower_');
  return lowers.length === 0 || isBridge(root, device) ? [device] : lowers.flatMap((lower) => bottomOf(lower, root));
}

function isBridge(root: string, device: string): boolean {
  try {
    return readdirSync(join(root, device, 'bridge')).length > 0;
  } catch {
    return false;
  }
}
