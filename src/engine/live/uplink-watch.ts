/**
 * What this machine itself does to a run: the interfaces that probes leave by may go down, and devices and queues throw packets away.
 * Asked of the kernel, 25 µs an interface.
 *
 * Of the receiving side, rx_dropped, missed and FIFO counters are taken. softnet_stat is not: what a full backlog drops is in rx_dropped
 * too, and it counts all network namespaces. rx_dropped also counts frames of protocols that nobody listens for, but not while a capture
 * on all protocols runs, as ours does. Of the sending side, a queue also counts what it refused, and that was never sent.
 */
import type { Addon, NativeCounters } from '../../host/addon.ts';
import type { Interface } from '../../host/interface.ts';
import { bottomOf } from '../../host/stack.ts';
import type { Disturbance } from '../engine.ts';

export interface UplinkWatch {
  /** Packets leave by it: from now on it is watched. */
  leaves(device: Interface, all: () => readonly Interface[]): void;
  /** Answers arrive by it: its receiving side is watched. */
  arrives(name: string, all: () => readonly Interface[]): void;
  /** A packet was not taken by a queue. */
  refused(): void;
  look(): void;
  /** Packets thrown away since they are watched, as of the last look. */
  drops(): number;
  outages(): readonly Disturbance[];
}

interface Watched {
  last: NativeCounters;
  readonly sends: boolean;
}

interface Uplink {
  readonly name: string;
  lastWellNs: bigint;
  outage: Outage | null;
}

interface Outage {
  readonly name: string;
  readonly what: string;
  readonly fromNs: bigint;
  untilNs: bigint | null;
}

const GONE: NativeCounters = { isUp: false, hasCarrier: false, received: 0, sent: 0 };

export function uplinkWatch(addon: Pick<Addon, 'counters'>, nowNs: () => bigint): UplinkWatch {
  const uplinks = new Map<number, Uplink>();
  const devices = new Map<number, Watched>();
  const outages: Outage[] = [];
  let [received, sent, refusals, dropped] = [0, 0, 0, 0];

  function watch(index: number, sends: boolean): void {
    if (devices.get(index)?.sends || (!sends && devices.has(index))) return;
    devices.set(index, { last: addon.counters(index) ?? GONE, sends });
  }

  function count(device: Watched, now: NativeCounters): void {
    received += Math.max(0, now.received - device.last.received);
    if (device.sends) sent += Math.max(0, now.sent - device.last.sent);
    device.last = now;
  }

  function judge(uplink: Uplink, { isUp, hasCarrier }: NativeCounters, atNs: bigint): void {
    if (isUp && hasCarrier) {
      if (uplink.outage !== null) uplink.outage.untilNs = atNs;
      uplink.outage = null;
      uplink.lastWellNs = atNs;
    } else if (uplink.outage === null) {
      uplink.outage = { name: uplink.name, what: isUp ? 'had no carrier' : 'was down', fromNs: uplink.lastWellNs, untilNs: null };
      outages.push(uplink.outage);
    }
  }

  return {
    leaves(device, all) {
      if (uplinks.has(device.index)) return;
      uplinks.set(device.index, { name: device.name, lastWellNs: nowNs(), outage: null });
      const names = new Set(bottomOf(device.name));
      const bottom = all().filter(({ name }) => names.has(name));
      for (const { index } of bottom.length === 0 ? [device] : bottom) watch(index, true);
    },
    arrives(name, all) {
      const device = all().find((one) => one.name === name);
      if (device !== undefined) watch(device.index, false);
    },
    refused() {
      refusals += 1;
    },
    look() {
      for (const index of new Set([...devices.keys(), ...uplinks.keys()])) {
        const now = addon.counters(index);
        const [device, uplink] = [devices.get(index), uplinks.get(index)];
        if (device && now) count(device, now);
        if (uplink) judge(uplink, now ?? GONE, nowNs());
      }
      dropped = Math.max(dropped, received + Math.max(0, sent - refusals));
    },
    drops: () => dropped,
    outages: () =>
      outages.map(({ name, what, fromNs, untilNs }) => ({
        code: 'INTERFACE_DOWN',
        fromNs,
        untilNs,
        message: said(name, what, fromNs, untilNs),
      })),
  };
}

const said = (name: string, what: string, fromNs: bigint, untilNs: bigint | null): string =>
  `${name} ${what} from ${clockTime(fromNs)} ${untilNs === null ? 'on' : `to ${clockTime(untilNs)}`}: what was missed then is unknown, not lost`;

/** As `20:51:03.123 UTC`. */
export const clockTime = (timeNs: bigint): string => `${new Date(Number(timeNs / 1_000_000n)).toISOString().slice(11, 23)} UTC`;
