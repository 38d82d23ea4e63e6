/** Where in a pcap expression the mistake is: libpcap says what, and not where. */
import type { Addon } from '../host/addon.ts';

export interface PcapMistake {
  /** From 1; behind the last word where something is missing. */
  readonly column: number;
  /** In libpcap's words. */
  readonly what: string;
}

const ETHERNET = 1;
const SNAP_LENGTH = 262_144;
/** libpcap's scanner complains of it before its parser looks at it: that complaint proves all words before it to be no mistake. */
const TOO_LARGE = '99999999999999';
const WORD = /[()!]|[<>=&|]+|[^\s()!<>=&|]+/g;

/** Null where the expression is none, as for Ethernet. */
export function pcapMistake(addon: Addon, expression: string): PcapMistake | null {
  const what = complaint(addon, expression);
  if (what === null) return null;
  const reached = complaint(addon, TOO_LARGE);
  const words = [...expression.matchAll(WORD)];
  const isFaulty = ({ 0: word, index }: RegExpExecArray): boolean =>
    complaint(addon, `${expression.slice(0, index + word.length)} ${TOO_LARGE}`) !== reached;
  const wrong = words.find(isFaulty);
  return { column: wrong === undefined ? expression.trimEnd().length + 1 : wrong.index + 1, what };
}

function complaint(addon: Addon, expression: string): string | null {
  try {
    addon.compileFilter(expression, ETHERNET, SNAP_LENGTH);
    return null;
  } catch (error) {
    return (error as Error).message.replace(/^EFILTER: /, '');
  }
}
