/** What the kernel lets through to us: nested packets, ICMP of both families, and UDP that begins with our magic. */
import { MAGIC } from '../../wire/identity.ts';

const magic = `0x${MAGIC.toString(16)}`;

/** A pcap expression. The magic stands behind UDP's 8 bytes; in IPv6 pcap counts from the IP header, so 40 more. */
export const CAPTURE_FILTER: string = [
  'ip proto 4',
  'ip proto 41',
  'icmp',
  'ip6 proto 4',
  'ip6 proto 41',
  'icmp6',
  `(ip proto 17 and udp[8:4] = ${magic})`,
  `(ip6 proto 17 and ip6[48:4] = ${magic})`,
].join(' or ');
