/** What routers add to ICMP errors behind the quote (RFC 4884 §7): MPLS labels (RFC 4950), interfaces (RFC 5837), unknown things. */
import { checksum } from './checksum.ts';
import { uint16, uint32 } from './fields.ts';

const EXTENSION_HEADER = 4;
const VERSION = 2;
const MPLS_CLASS = 1;

export type ExtensionObject =
  | { readonly kind: 'mpls'; readonly labels: readonly MplsLabel[] }
  | { readonly kind: 'other'; readonly classNumber: number; readonly classType: number; readonly bytes: Uint8Array };

export interface MplsLabel {
  readonly label: number;
  readonly trafficClass: number;
  readonly bottom: boolean;
  readonly ttl: number;
}

/** The objects of an extension structure; none where it is malformed or its checksum is wrong (0: not computed). */
export function readExtensions(bytes: Uint8Array): readonly ExtensionObject[] {
  if (bytes.length < EXTENSION_HEADER || bytes[0]! >> 4 !== VERSION) return [];
  if (uint16(bytes, 2) !== 0 && checksum(bytes) !== 0) return [];
  const objects: ExtensionObject[] = [];
  let at = EXTENSION_HEADER;
  while (at + 4 <= bytes.length) {
    const length = uint16(bytes, at);
    if (length < 4 || at + length > bytes.length) break;
    objects.push(readObject(bytes[at + 2]!, bytes[at + 3]!, bytes.subarray(at + 4, at + length)));
    at += length;
  }
  return objects;
}

function readObject(classNumber: number, classType: number, bytes: Uint8Array): ExtensionObject {
  if (classNumber !== MPLS_CLASS || bytes.length % 4 !== 0) return { kind: 'other', classNumber, classType, bytes };
  const labels = Array.from({ length: bytes.length / 4 }, (_, i) => readLabel(uint32(bytes, 4 * i)));
  return { kind: 'mpls', labels };
}

const readLabel = (word: number): MplsLabel => ({
  label: word >>> 12,
  trafficClass: (word >>> 9) & 7,
  bottom: ((word >>> 8) & 1) === 1,
  ttl: word & 0xff,
});
