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
  /** Each waits up to this much longer, and none overtakes another by it. */
  readonly jitterMs: number;
  /** Each packet, with this probability, is overtaken by those sent right behind it. */
  readonly reorder: number;
  /** Bits a second that fit through; what comes faster queues, for at most 100 ms; null: as many as come. */
  readonly rate: number | null;
  /** What comes faster than this is lost; null: none. */
  readonly policer: Policer | null;
  /** The largest IP packet that leaves this way, as the router knows it: larger ones are told of (3/4, 2/0); null: the link's own. */
  readonly mtu: number | null;
}

/** A token bucket of packets. */
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
