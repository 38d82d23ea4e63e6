/** What a tracer found, as events. */
import type { Hop } from '../trace/hop.ts';
import type { Address } from '../wire/address.ts';
import type { Said } from './session.ts';

export const addressOf = (hop: Hop): Address | null => hop.answers.find((answer) => answer !== null)?.address ?? null;

/** The first hop of a path is position 1, whatever ttl the trace began with. */
export function hopEvent(hop: Hop, name: string | null): Said {
  const address = addressOf(hop);
  const heard = hop.answers.filter((answer) => answer !== null).map((answer) => answer.address);
  const { ttl, reached, error } = hop;
  return {
    type: 'hop',
    position: ttl,
    ttl,
    address,
    name,
    others: [...new Set(heard)].filter((other) => other !== address),
    rttMs: hop.answers.map((answer) => (answer === null ? null : milliseconds(answer.rttNs))),
    reached,
    icmp: error === null ? null : { type: error.type, code: error.code },
  };
}

/** Rounded to a microsecond: less would be the clock's own noise. */
export const milliseconds = (ns: number): number => Math.round(ns / 1000) / 1000;
