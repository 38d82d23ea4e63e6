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
}

export interface Share {
  readonly lost: number;
  readonly of: number;
}

export const NO_FAULT: Fault = { loss: 0, exact: null, flowLoss: null, duplicate: 0, corrupt: 0, blackhole: false };

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
