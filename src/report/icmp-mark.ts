/** The marks for ICMP errors, as traceroutes have printed them since 1988. */

/** By kind: an error of this family, type and code reads so. */
const MARKS: Readonly<Record<string, string>> = {
  'icmp 3/0': '!N',
  'icmp 3/1': '!H',
  'icmp 3/2': '!P',
  'icmp 3/4': '!F',
  'icmp 3/5': '!S',
  'icmp 3/6': '!N', // network unknown
  'icmp 3/7': '!H', // host unknown
  'icmp 3/8': '!N', // source host isolated
  'icmp 3/9': '!X', // network prohibited
  'icmp 3/10': '!X', // host prohibited
  'icmp 3/11': '!N', // network unreachable for this TOS
  'icmp 3/12': '!H', // host unreachable for this TOS
  'icmp 3/13': '!X',
  'icmp 3/14': '!V', // host precedence violation
  'icmp 3/15': '!C', // precedence cutoff
  'icmpv6 1/0': '!N',
  'icmpv6 1/1': '!X',
  'icmpv6 1/2': '!H', // beyond the scope of the source
  'icmpv6 1/3': '!H',
  'icmpv6 2/0': '!F',
  'icmpv6 4/1': '!P',
};

/** Both say: nothing here takes IP-in-IP. */
const PROTOCOL_UNREACHABLE: ReadonlySet<string> = new Set(['icmp 3/2', 'icmpv6 4/1']);

export const isProtocolUnreachable = (kind: string): boolean => PROTOCOL_UNREACHABLE.has(kind);

/** The kinds that say that a ttl ran out. */
export const isTimeExceeded = (kind: string): boolean => kind === 'icmp 11/0' || kind === 'icmpv6 3/0';

/** The mark of an error kind; kinds without a letter show their numbers: `!<4-0>`, and unreachables their code alone: `!<3>`. */
export function errorMark(kind: string): string {
  const letter = MARKS[kind];
  if (letter !== undefined) return letter;
  const [, version, type, code] = /^icmp(v6)? (\d+)\/(\d+)$/.exec(kind) ?? [];
  if (type === undefined) return kind;
  return type === (version === undefined ? '3' : '1') ? `!<${code}>` : `!<${type}-${code}>`;
}
