/** The blocks of a pcapng file (draft-ietf-opsawg-pcapng §3.1, §4): type, length, body, the length again. */

export const BLOCK = {
  section: 0x0a0d0d0a, // reads the same in both byte orders
  interface: 1,
  packet: 2, // obsolete: an enhanced packet with a 16-bit interface and a 16-bit drop count
  simplePacket: 3,
  statistics: 5,
  enhancedPacket: 6,
  custom: 0x0bad,
  customNotCopied: 0x40000bad, // as `custom`, but editors drop it
} as const;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
export const BLOCK_HEADER = 8;
export const BLOCK_TRAILER = 4;
/** 10^-9 s: the resolution of what is written here (if_tsresol). */
export const RESOLUTION_NS = 9;
/** 10^-6 s: what an interface that does not say has. */
export const RESOLUTION_DEFAULT = 6;

/** Whose custom blocks are ours: the number that RFC 5612 sets aside for examples, since no number was ever asked for. */
export const OWN_ENTERPRISE = 32_473;
