/** The clock of a capture file's interface: ticks as two 32-bit words → seconds and nanoseconds. */
import { NS_PER_SECOND } from './record.ts';
import { type PacketSlot, setSlotTime } from './slot.ts';

export type Clock = (slot: PacketSlot, high: number, low: number) => void;

/** Micro- and nanoseconds, which nearly all files have: the higher word changes once in seconds or hours, the rest is small numbers. */
export function quickClock(nsPerTick: 1 | 1000): Clock {
  const ticksPerSecond = 1e9 / nsPerTick;
  let known = -1;
  let seconds = 0;
  let ticks = 0;
  return (slot, high, low) => {
    if (high !== known) {
      const all = BigInt(high) << 32n;
      seconds = Number(all / BigInt(ticksPerSecond));
      ticks = Number(all % BigInt(ticksPerSecond));
      known = high;
    }
    const sum = ticks + low;
    const over = Math.floor(sum / ticksPerSecond);
    slot.seconds = seconds + over;
    slot.nanoseconds = (sum - over * ticksPerSecond) * nsPerTick;
  };
}

/** if_tsresol: a negative power of 10, or of 2 where the highest bit is set; if_tsoffset: seconds to add. */
export function clock(resolution: number, offsetSeconds: bigint): Clock {
  if (offsetSeconds === 0n && resolution === 9) return quickClock(1);
  if (offsetSeconds === 0n && resolution === 6) return quickClock(1000);
  const toNs = scale(resolution);
  const offsetNs = offsetSeconds * NS_PER_SECOND;
  return (slot, high, low) => setSlotTime(slot, toNs((BigInt(high) << 32n) | BigInt(low)) + offsetNs);
}

function scale(resolution: number): (ticks: bigint) => bigint {
  const exponent = BigInt(resolution & 0x7f);
  if (resolution & 0x80) return (ticks) => (ticks * NS_PER_SECOND) >> exponent;
  if (exponent <= 9n) return (ticks) => ticks * 10n ** (9n - exponent);
  return (ticks) => ticks / 10n ** (exponent - 9n);
}
