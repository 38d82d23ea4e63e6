/** What a decoder says about untrusted bytes: a header and the payload after it, or why there is none. */
export type Decoded<Header> = { ok: true; header: Header; payload: Uint8Array } | Malformed;

export interface Malformed {
  ok: false;
  reason: string;
}

export const malformed = (reason: string): Malformed => ({ ok: false, reason });
