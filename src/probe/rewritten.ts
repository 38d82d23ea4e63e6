/** What somebody on the way changed in a probe of ours: network address translation shows itself in what routers quote. */
import { addressText } from '../wire/address.ts';
import { FAMILIES, UDP_PROTOCOL } from '../wire/family.ts';
import { uint16 } from '../wire/fields.ts';
import type { Outline } from '../wire/outline.ts';
import type { Question } from './question.ts';
import { type Run, scatteredHalves } from './run.ts';

export interface Rewritten {
  readonly field: 'source' | 'source port' | 'ID';
  readonly sent: string;
  readonly seen: string;
}

/**
 * The first difference between what was sent and a packet that is proven ours, `leg` headers of which are gone; null without any. Only
 * what the sender is known by: a router may well remark, and a load balancer change where a packet goes.
 */
export function rewriting(
  bytes: Uint8Array,
  headers: Outline,
  question: Question,
  run: Run,
  sequence: number,
  leg: number,
): Rewritten | null {
  const halves = scatteredHalves(run, sequence);
  for (const [index, layer] of headers.layers.entries()) {
    const planned = question.itinerary.layers[leg + index];
    if (planned === undefined) return null;
    const { at, addressLength } = FAMILIES[layer.family];
    const seen = addressText(bytes, layer.at + at.source, addressLength);
    if (seen !== planned.source) return { field: 'source', sent: planned.source, seen };
    if (layer.family === 6) continue;
    const sentId = halves[((leg + index) % 2) as 0 | 1];
    const seenId = uint16(bytes, layer.at + 4);
    if (seenId !== sentId && seenId !== swapped(sentId)) return { field: 'ID', sent: `${sentId}`, seen: `${seenId}` };
  }
  return portRewriting(bytes, headers, question);
}

/** Some routers quote the ID in the byte order of their processor. */
const swapped = (id: number): number => ((id & 0xff) << 8) | (id >> 8);

function portRewriting(bytes: Uint8Array, headers: Outline, { itinerary: { flow } }: Question): Rewritten | null {
  const seen = uint16(bytes, headers.at + (headers.protocol === UDP_PROTOCOL ? 0 : ECHO_IDENTIFIER_AT));
  return seen === flow.sourcePort ? null : { field: 'source port', sent: `${flow.sourcePort}`, seen: `${seen}` };
}

/** The identifier is to an echo what the source port is to UDP (RFC 5508, 3.1). */
const ECHO_IDENTIFIER_AT = 4;
