/**
 * Which probe an ICMP error is about, from as little as it quotes. RFC 792 promises one header and 8 bytes; Linux quotes 548
 * bytes (IPv4) or 1,232 (IPv6), which a deep stack of headers can fill before our payload begins.
 */
import { FAMILIES, nestedFamily, UDP_PROTOCOL } from '../wire/family.ts';
import { uint16 } from '../wire/fields.ts';
import { isGenuine, readIdentity } from '../wire/identity.ts';
import { isBetween, type Outline, outline } from '../wire/outline.ts';
import { CHECKSUM_AT, UDP_HEADER } from '../wire/transport.ts';
import type { Grade } from './observation.ts';
import { type Pending, STATE } from './pending.ts';
import type { Question } from './question.ts';
import { gathered, type Run, scatteredHalves } from './run.ts';

export interface Quoted {
  readonly sequence: number;
  readonly grade: Grade;
  readonly leg: number;
}

/** null: not a probe of this run. `ambiguous`: it may be one, but the quote is too short to say which. */
export function quotedProbe(quote: Uint8Array, run: Run, pending: Pending): Quoted | 'ambiguous' | null {
  const headers = outline(quote, 0);
  if (headers === null || headers.fragment) return null;
  return provenProbe(quote, headers, run, pending) ?? probeByHalves(quote, headers, run, pending);
}

function provenProbe(quote: Uint8Array, headers: Outline, run: Run, pending: Pending): Quoted | null {
  const identityAt = headers.at + UDP_HEADER;
  const identity = readIdentity(quote, identityAt, headers.end);
  if (identity === null || identity.run !== run.number) return null;
  if (!run.isUnproven && !isGenuine(quote, identityAt, run.key)) return null;
  const question = pending.question(identity.sequence);
  if (question === undefined || question.path !== identity.path) return null;
  const leg = question.itinerary.layers.length - headers.layers.length;
  return leg < 0 ? null : { sequence: identity.sequence, grade: run.isUnproven ? 'quoted' : 'proven', leg };
}

/** The first two 16-bit halves that the quote shows: IDs of the two outermost headers, or an ID and the transport's checksum. */
function probeByHalves(quote: Uint8Array, headers: Outline, run: Run, pending: Pending): Quoted | 'ambiguous' | null {
  const first = headers.layers[0]!.family === 4 ? uint16(quote, headers.layers[0]!.at + 4) : null;
  const second = secondHalf(quote, headers);
  const oldest = pending.oldest();
  if ((first === null) !== (second === null) && oldest >= 0 && pending.next() - oldest > MOST_CANDIDATES) return 'ambiguous';
  const candidates = [...candidatesFor(first, second, run, pending)].filter(({ sequence, parity }) =>
    fits(quote, headers, sequence, parity, pending),
  );
  const grade = first !== null && second !== null ? 'quoted' : 'weak';
  if (candidates.length === 0) return null;
  if (candidates.length > 1) return 'ambiguous';
  const { sequence } = candidates[0]!;
  return { sequence, grade, leg: legOf(headers, pending.question(sequence)!) };
}

function secondHalf(quote: Uint8Array, headers: Outline): number | null {
  const inner = headers.layers[1];
  if (inner !== undefined) return inner.family === 4 ? uint16(quote, inner.at + 4) : null;
  const room = headers.end - headers.at;
  if (nestedFamily(headers.protocol) === 4) return room >= 6 ? uint16(quote, headers.at + 4) : null; // a header cut after 8 bytes
  if (room < 8) return null;
  if (headers.protocol === UDP_PROTOCOL) return uint16(quote, headers.at + CHECKSUM_AT.udp);
  return headers.protocol === FAMILIES[headers.layers[0]!.family].icmpProtocol ? uint16(quote, headers.at + 6) : null;
}

interface Candidate {
  readonly sequence: number;
  /** Which half the first value was: the layers alternate, so it is the parity of the layer's index. */
  readonly parity: 0 | 1;
}

/** A quote that shows one half alone is looked up among no more outstanding probes than this. */
const MOST_CANDIDATES = 4096;

function* candidatesFor(first: number | null, second: number | null, run: Run, pending: Pending): Generator<Candidate> {
  if (first !== null && second !== null) {
    yield { sequence: gathered(run, first, second), parity: 0 };
    yield { sequence: gathered(run, second, first), parity: 1 };
    return;
  }
  const oldest = pending.oldest();
  if (oldest < 0 || (first === null && second === null)) return;
  for (let sequence = oldest; sequence < pending.next(); sequence += 1) {
    if (pending.state(sequence) !== STATE.outstanding) continue;
    const halves = scatteredHalves(run, sequence);
    for (const parity of [0, 1] as const) {
      const shown = first === null ? halves[1 - parity] : halves[parity];
      if (shown === (first ?? second)) yield { sequence, parity };
    }
  }
}

/** The quoted outermost header is one of the plan's, at a place of that parity: same length, same addresses. */
function fits(quote: Uint8Array, headers: Outline, sequence: number, parity: 0 | 1, pending: Pending): boolean {
  const question = pending.question(sequence);
  if (question === undefined) return false;
  const leg = legOf(headers, question);
  if (leg < 0 || leg % 2 !== parity) return false;
  const { source, destination } = question.addresses[leg]!;
  return isBetween(quote, headers.layers[0]!, source, destination);
}

/** The layer of the plan that is as long as the quoted packet says it is: with each router one header less. */
const legOf = (headers: Outline, question: Question): number => question.lengths.indexOf(headers.layers[0]!.length);
