/** How fast a link of this machine is. */
import { readFileSync } from 'node:fs';
import type { Addon } from './addon.ts';

/**
 * Bits a second as the driver tells (/sys/class/net/NAME/speed); null where it does not: loopback, tun, wireless, a link that is down.
 * Also null where /sys shows another network namespace than ours, as after nsenter: a stranger's interface may bear the same name.
 */
export function linkSpeed(addon: Addon, name: string): number | null {
  const index = addon.interfaces().find((one) => one.name === name)?.index;
  if (index === undefined || numberIn(name, 'ifindex') !== index) return null;
  const megabits = numberIn(name, 'speed');
  return megabits === null || megabits <= 0 ? null : megabits * 1e6;
}

function numberIn(name: string, file: string): number | null {
  try {
    return Number(readFileSync(`/sys/class/net/${name}/${file}`, 'utf8'));
  } catch {
    return null; // EINVAL: the device has no speed
  }
}
