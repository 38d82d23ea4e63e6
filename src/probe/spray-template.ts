/** An itinerary to the template that a spray sends: `compile`'s, without the words that a flow changes, and with what their sums lack. */
import { SPRAY_IDS, SPRAY_WORDS, type SprayRun, type SprayTemplate, type SprayWord } from '../engine/spray.ts';
import { BeaconError } from '../error.ts';
import { familyOf } from '../wire/address.ts';
import { fold, onesSum } from '../wire/checksum.ts';
import { FAMILIES } from '../wire/family.ts';
import { setUint16, uint16 } from '../wire/fields.ts';
import { writeIdentity } from '../wire/identity.ts';
import { ECHO_HEADER } from '../wire/transport.ts';
import { compile, type Template } from './craft.ts';
import { headersLength, type Itinerary } from './itinerary.ts';

/** Bytes of the identity that are the same in a whole run: magic, version and the run's number. */
const LASTING = 12;

/**
 * `places`: where word k of a flow's value goes, by its offset in the packet; null: this itinerary does not have it. Throws what
 * `compile` throws, and BeaconError ERR_USAGE where there are more IPv4 headers than a sender patches.
 */
export function sprayTemplate(itinerary: Itinerary, run: SprayRun, places: readonly (number | null)[]): SprayTemplate {
  const template = compile(itinerary);
  if (places.length > SPRAY_WORDS) throw new RangeError(`A flow changes up to ${SPRAY_WORDS} words of a packet, got ${places.length}`);
  if (template.ids.length > SPRAY_IDS)
    throw new BeaconError(
      'ERR_USAGE',
      `A spray's probe has up to ${SPRAY_IDS} IPv4 headers, this one ${template.ids.length}: give a shorter path`,
    );
  const { bytes: packet, transportAt } = template;
  const identityAt = transportAt + ECHO_HEADER;
  const lasting = packet.slice(identityAt + LASTING);
  writeIdentity(packet, identityAt, { run: run.number, path: 0, sequence: 0 }, run.key, 0n);
  packet.set(lasting, identityAt + LASTING); // the tag of no probe
  const words = places.map((at) => (at === null ? null : wordAt(at, template, itinerary)));
  // of what a swept word said in the itinerary, nothing is left in the sums
  const ids = template.ids.map(({ at, half, sum }, index) => ({ at, half, sum: less(sum, packet, words, (word) => word.id === index) }));
  const pseudo = less(template.pseudoSum, packet, words, (word) => word.inTransport && word.at < transportAt);
  for (const word of words) if (word !== null) setUint16(packet, word.at, 0);
  setUint16(packet, template.half.at, 0);
  return { packet, ids, half: template.half, identityAt, transportSum: onesSum(packet, transportAt, packet.length, pseudo), words };
}

function less(sum: number, packet: Uint8Array, words: readonly (SprayWord | null)[], covers: (word: SprayWord) => boolean): number {
  return words.reduce((rest, word) => (word !== null && covers(word) ? fold(rest + (~uint16(packet, word.at) & 0xffff)) : rest), sum);
}

function wordAt(at: number, { bytes, ids, transportAt }: Template, itinerary: Itinerary): SprayWord {
  if (at % 2 !== 0 || at + 2 > bytes.length) throw new RangeError(`A word of a packet of ${bytes.length} bytes cannot stand at ${at}`);
  if (at >= transportAt) return { at, id: null, inTransport: true };
  const id = ids.findIndex((one) => one.at <= at && at < one.at + FAMILIES[4].headerLength);
  return { at, id: id < 0 ? null : id, inTransport: isOfPseudoHeader(at, transportAt, itinerary) };
}

/** Addresses of the innermost header; ICMP over IPv4 sums none (RFC 792). */
function isOfPseudoHeader(at: number, transportAt: number, { layers, flow }: Itinerary): boolean {
  const family = FAMILIES[familyOf(layers.at(-1)!.destination)];
  if (family.number === 4 && flow.transport === 'icmp') return false;
  return at >= transportAt - family.headerLength + family.at.source;
}

/** Where the header of a layer stands, counted from the outside in. */
export const layerAt = ({ layers }: Itinerary, index: number): number => headersLength(layers.slice(0, index));
