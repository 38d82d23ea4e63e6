/** The card of a scanned router: a line for each thing that is known of it, or why it is not. */
import type { Fact } from '../boomerang/fact.ts';
import type { Share } from '../boomerang/scan-answers.ts';
import type { Extent } from '../boomerang/scan-extent.ts';
import type { ScanEvent } from './event.ts';
import { hostText } from './headline.ts';
import { percent } from './numbers.ts';
import { printable } from './printable.ts';
import type { Line } from './probe-table.ts';
import { wrapped } from './wrap.ts';

const TITLE = 15;
const INDENT = '  ';

/** `columns`: of the terminal; null is endless. */
export function scanLines(card: ScanEvent, columns: number | null): Line[] {
  const head: Line = { text: `Hop ${card.position}  ${hostText(card.address, card.name)}`, tone: 'plain' };
  const rows = folded(rowsOf(card)).flatMap(({ title, texts, tone }) => {
    const room = columns === null ? null : Math.max(columns - INDENT.length - TITLE, 1);
    const lines = texts.flatMap((text) => wrapped(printable(text), room));
    return lines.map((text, index) => ({ text: `${INDENT}${(index === 0 ? title : '').padEnd(TITLE)}${text}`, tone }));
  });
  return [{ text: '', tone: 'plain' }, head, ...rows];
}

interface Row {
  readonly title: string;
  readonly texts: readonly string[];
  readonly tone: Line['tone'];
  /** Why nothing of it is known, where that is one reason. */
  readonly why: string | null;
}

/** So many lines with one and the same reason are one. */
const MANY = 3;

/** A router that does not decapsulate leaves most lines open, for that one reason. */
function folded(rows: readonly Row[]): Row[] {
  const alike = (why: string): Row[] => rows.filter((row) => row.why === why);
  return rows.flatMap((row) => {
    const same = row.why === null ? [] : alike(row.why);
    if (same.length < MANY) return [row];
    if (row !== same[0]) return [];
    return [{ ...row, title: 'not known', texts: [`${same.map(({ title }) => title).join(', ')} (${row.why})`] }];
  });
}

function rowsOf(card: ScanEvent): Row[] {
  const row = (title: string, facts: readonly Fact<unknown>[], texts: readonly string[]): Row => ({
    title,
    texts,
    tone: facts.some(({ value }) => value === null) ? 'warning' : 'plain',
    why: facts.every(({ value, why }) => value === null && why === facts[0]!.why) ? (facts[0]?.why ?? null) : null,
  });
  const one = <Value>(title: string, fact: Fact<Value>, say: (value: Value) => string): Row => row(title, [fact], [factText(fact, say)]);
  const { decapsulates, sources, place, reversePathCheck, ttl, dscp, ecn, depth, size, icmpLimit } = card;
  return [
    row('decapsulates', decapsulates, nestingTexts(decapsulates)),
    one('its place', place, (value) => (value ? 'as seen' : 'elsewhere')),
    row(
      'sources home',
      Object.values(sources),
      Object.entries(sources).map(([kind, fact]) => `${kind}: ${factText(fact, yesOrNo)}`),
    ),
    one('strict uRPF', reversePathCheck, yesOrNo),
    one('ttl', ttl, (value) => value),
    one('DSCP', dscp, (value) => value),
    one('ECN', ecn, (value) => value),
    row('nest', [depth], [extentText(depth, (value) => `${value} ${value === 1 ? 'header' : 'headers'}`)]),
    row('size', [size], [extentText(size, (value) => `${value} bytes`)]),
    row('ICMP limit', [icmpLimit], [limitText(icmpLimit)]),
    { title: 'policing meter', texts: [meterText(card.meter)], tone: 'plain', why: null },
  ];
}

/** What is alike at several addresses stands on one line. */
function nestingTexts(facts: ScanEvent['decapsulates']): string[] {
  const groups = new Map<string, string[]>();
  for (const fact of facts) {
    const text = `${fact.nesting}: ${factText(fact, yesOrNo)}`;
    groups.set(text, [...(groups.get(text) ?? []), fact.address]);
  }
  return [...groups].map(([text, addresses]) => `${text} at ${addresses.join(', ')}`);
}

const yesOrNo = (value: boolean): string => (value ? 'yes' : 'no');

function factText<Value>({ value, why }: Fact<Value>, say: (value: Value) => string): string {
  if (value === null) return `not known (${why})`;
  return why === null ? say(value) : `${say(value)} (${why})`;
}

const BOUNDS: Readonly<Record<NonNullable<Extent['bound']>, string>> = {
  router: 'and no more',
  'first link': 'all that the first link takes',
  way: 'and no more on the way',
};

function extentText(extent: Extent, say: (value: number) => string): string {
  const { value, bound, why } = extent;
  if (value === null) return factText(extent, say);
  const what = bound === null ? `${say(value)} or more` : `${say(value)}, ${BOUNDS[bound]}`;
  return why === null || bound === 'first link' ? what : `${what} (${why})`;
}

function limitText(limit: ScanEvent['icmpLimit']): string {
  const { value, burst, perSecond } = limit;
  if (value !== true) return factText(limit, yesOrNo);
  return `yes: ${burst} of 20 at once, then ${perSecond} in a second`;
}

function meterText({ expired, steered }: ScanEvent['meter']): string {
  if (expired === null && steered === null) return 'not known (nothing was asked)';
  return `expired there ${shareText(expired, 'answered')}, steered through it ${shareText(steered, 'home')}`;
}

const shareText = (share: Share | null, what: string): string =>
  share === null ? 'none' : `${share.heard} of ${share.sent} ${what} (${percent(share.low)}–${percent(share.high)} %)`;
