/** Where the IP packet of a frame begins that lies within a chunk: `networkAt` without cutting the frame out, where it is a plain one. */
import { uint16 } from './fields.ts';
import { LINK_TYPE, networkAt } from './link.ts';

const IPV4 = 0x0800;
const IPV6 = 0x86dd;

/** Of the frame `bytes[at, end)`; -1 where it carries none. */
export function networkIn(linkType: number, bytes: Uint8Array, at: number, end: number): number {
  if (linkType === LINK_TYPE.raw) return at < end ? at : -1;
  const [typeAt, length] = linkType === LINK_TYPE.ethernet ? ETHERNET : linkType === LINK_TYPE.linuxCooked2 ? COOKED2 : NONE;
  if (length > 0 && at + length < end) {
    const etherType = uint16(bytes, at + typeAt);
    if (etherType === IPV4 || etherType === IPV6) return at + length;
  }
  const found = networkAt(linkType, bytes.subarray(at, end));
  return found < 0 ? -1 : at + found;
}

type Layout = readonly [typeAt: number, length: number];
const ETHERNET: Layout = [12, 14];
const COOKED2: Layout = [0, 20];
const NONE: Layout = [0, 0];
