/** What a router may hash of a packet, read from its bytes without any code under test. */
import * as assert from 'uvu/assert';

const NESTED = { 4: 4, 6: 41 } as const;

/**
 * Everything of a probe's headers that must not change within a flow, as text: of an IPv4 header all but ttl, ID and checksum, of an
 * IPv6 header all but its hop limit; UDP's ports and length; an echo's type, code, checksum and identifier.
 */
export function flowOf(packet: Uint8Array): string {
  const version = packet[0]! >> 4;
  const [protocol, headerLength] = version === 4 ? [packet[9]!, (packet[0]! & 15) * 4] : [packet[6]!, 40];
  const header = packet.slice(0, headerLength);
  header.fill(0, version === 4 ? 8 : 7, version === 4 ? 9 : 8);
  if (version === 4) {
    header.fill(0, 4, 6);
    header.fill(0, 10, 12);
  }
  const rest = packet.subarray(headerLength);
  const inner = protocol === NESTED[4] || protocol === NESTED[6] ? flowOf(rest) : hex(rest.subarray(0, 6));
  return `${hex(header)} ${inner}`;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The checksum of UDP may differ from probe to probe: it is no part of what is hashed, and carries half of the probe's number. */
export function assertOneFlow(packets: readonly Uint8Array[], what: string): void {
  const flows = new Set(packets.map(flowOf));
  assert.is(flows.size, 1, `${what}: ${[...flows].join(' | ')}`);
}
