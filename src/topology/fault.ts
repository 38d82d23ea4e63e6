/** What can be wrong with one direction of a link: the lab does it to real packets, the simulator to imagined ones. */
import { BeaconError } from '../error.ts';

/** Everything wrong with one direction at once; a new value replaces the old one whole. Rates are fractions 0–1. */
export interface Fault {
  /** Each packet is lost with this probability. */
  readonly loss: number;
  /** Exactly `lost` of every `of` packets are lost, the last ones of each run of `of`; null: none. */
  readonly exact: Share | null;
  /** Every packet of `lost` in `of` flows is lost; a flow is the innermost addresses, protocol and ports. */
  readonly flowLoss: Share | null;
  readonly duplicate: number;
  /** One bit of the last byte is flipped, and no checksum mended. */
  readonly corrupt: number;
  /** Every packet is lost, and no one is told. */
  readonly blackhole: boolean;
  /** What each packet waits, on top of the link's own. */
  readonly delayMs: number;
  /** Each waits up to this much longer (on top of the link's own again), and none overtakes another by it. */
  readonly jitterMs: number;
  /** Each packet, with this probability, is held until those sent within REORDER_MS after it have gone. */
  readonly reorder: number;
  /** Bits of IP packets a second that fit through. What comes faster queues; who would wait for more than QUEUE_MS is lost. null: as many as come. */
  readonly rate: number | null;
  /** What comes faster than this is lost, before all else befalls it; null: none. */
  readonly policer: Policer | null;
  /** The largest IP packet that leaves this way, as the router knows it: larger ones are told of (3/4, 2/0); null: the link's own. */
  readonly mtu: number | null;
}

export const REORDER_MS = 1;
export const QUEUE_MS = 100;
/** No link is slower than that: neither is a topology's. */
export const MOST_DELAY_MS = 10_000;
/** An IPv6 link carries at least so much (RFC 8200 §5). */
export const LEAST_MTU = 1280;

/** A token bucket of packets, full in the beginning. */
export interface Policer {
  readonly perSecond: number;
  readonly burst: number;
}

export interface Share {
  readonly lost: number;
  readonly of: number;
}

export const NO_FAULT: Fault = {
  loss: 0,
  exact: null,
  flowLoss: null,
  duplicate: 0,
  corrupt: 0,
  blackhole: false,
  delayMs: 0,
  jitterMs: 0,
  reorder: 0,
  rate: null,
  policer: null,
  mtu: null,
};

/**
 * Throws BeaconError ERR_USAGE for a value that no link can have. `mtu`: the link's own, which no fault raises.
 */
export function checkFault(fault: Fault, mtu: number): void {
  const { loss, duplicate, corrupt, reorder, exact, flowLoss, delayMs, jitterMs, rate, policer } = fault;
  for (const [name, fraction] of Object.entries({ loss, duplicate, corrupt, reorder })) within(name, fraction, 0, 1, 'of the packets');
  for (const [name, share] of Object.entries({ exact, flowLoss })) if (share) parseShare(`${share.lost}/${share.of}`, name);
  for (const [name, delay] of Object.entries({ delayMs, jitterMs })) within(name, delay, 0, MOST_DELAY_MS, 'ms');
  if (rate !== null) within('rate', rate, LEAST_RATE, MOST_RATE, 'bits a second');
  if (policer !== null) within('policer', policer.perSecond, 1, MOST_POLICED, 'packets a second; to lose them all, take blackhole');
  if (policer !== null) within('policer burst', policer.burst, 1, MOST_POLICED, 'packets at once');
  if (fault.mtu !== null) within('mtu', fault.mtu, LEAST_MTU, mtu, 'bytes: the least of IPv6, and what the link carries');
}

const LEAST_RATE = 1000;
const MOST_RATE = 1e12;
const MOST_POLICED = 1e6;

function within(name: string, value: number, least: number, most: number, unit: string): void {
  if (!(value >= least && value <= most)) throw new BeaconError('ERR_USAGE', `${name} ${value}: give ${least} to ${most} ${unit}`);
}

/** `20`, `20ms` or `0.5ms` → milliseconds. Throws BeaconError ERR_USAGE that names the option, such as `--delay`. */
export function parseDelayMs(text: string, option: string): number {
  const [, digits] = /^(\d+(?:\.\d+)?|\.\d+)(?:ms)?$/.exec(text.trim()) ?? [];
  if (digits !== undefined && Number(digits) <= MOST_DELAY_MS) return Number(digits);
  throw new BeaconError('ERR_USAGE', `${option} ${text}: write milliseconds, at most ${MOST_DELAY_MS}, such as 20ms or 0.5`);
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** `10M` → bits a second. Throws BeaconError ERR_USAGE that names the option, such as `--rate`. */
export function parseBitRate(text: string, option: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([kMG]?)$/.exec(text.trim()) ?? [];
  const rate = Math.round(Number(digits) * UNITS[unit ?? '']!);
  if (rate >= LEAST_RATE && rate <= MOST_RATE) return rate;
  throw new BeaconError('ERR_USAGE', `${option} ${text}: write bits a second, at least ${LEAST_RATE}, such as 10M or 500k`);
}

/** `10%` or `0.1` → 0.1. Throws BeaconError ERR_USAGE that names the option, such as `--loss`. */
export function parseFraction(text: string, option: string): number {
  const [, digits, percent] = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text.trim()) ?? [];
  const fraction = digits === undefined ? Number.NaN : Number(digits) / (percent ? 100 : 1);
  if (fraction >= 0 && fraction <= 1) return fraction;
  throw new BeaconError('ERR_USAGE', `${option} ${text}: write a part of the packets, such as 10% or 0.1`);
}

/** `1/10` → one of every ten. Throws BeaconError ERR_USAGE that names the option, such as `--exact`. */
export function parseShare(text: string, option: string): Share {
  const [, lost, of] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text.trim()) ?? []).map(Number);
  if (lost !== undefined && of !== undefined && of > 0 && lost <= of) return { lost, of };
  throw new BeaconError('ERR_USAGE', `${option} ${text}: write so many of so many, such as 1/10`);
}
