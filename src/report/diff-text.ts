/** The comparison of two runs as text: both runs, a row for each hop or link, and a sentence for whatever moved. */
import { endNames, hopTable, linkName, linkTable } from './diff-table.ts';
import type {
  BetweenMoved,
  ComparedHop,
  ComparedRun,
  ComparisonEvent,
  DifferenceEvent,
  FactDifferenceEvent,
  FlowDifferenceEvent,
  LinkDifferenceEvent,
  Moved,
  ShareMoved,
} from './event.ts';
import { hostText } from './headline.ts';
import { milliseconds, percent } from './numbers.ts';
import { printable } from './printable.ts';
import type { Line } from './probe-table.ts';
import { wrapped } from './wrap.ts';

const WIDEST = 80;
/** All of them are in the JSON lines. */
const MOST_SENTENCES = 100;

/** What stands behind a comparison. */
export type Difference = DifferenceEvent | FlowDifferenceEvent | LinkDifferenceEvent | FactDifferenceEvent;

/** No line is longer than `columns`, or 80 where there is no terminal. `tells`: something could be compared. */
export function diffLines(comparison: ComparisonEvent, found: readonly Difference[], columns: number | null, tells = true): Line[] {
  const width = columns ?? WIDEST;
  const hops = found.filter((one) => one.type === 'difference');
  const links = found.filter((one) => one.type === 'linkDifference');
  const facts = found.filter((one) => one.type === 'factDifference');
  const plain = (texts: readonly string[]): Line[] =>
    texts.flatMap((text) => wrapped(text, width)).map((text) => ({ text, tone: 'plain' }));
  const isTold = hops.some(({ a, b, hop, moved }) => hop !== 'same' || moved.length > 0 || (a?.decided ?? 0) + (b?.decided ?? 0) > 0);
  const moved = [...endTexts(comparison), ...found.flatMap(sentences)];
  const most =
    moved.length > MOST_SENTENCES ? [...moved.slice(0, MOST_SENTENCES), `and ${moved.length - MOST_SENTENCES} more (--json)`] : moved;
  const verdict =
    moved.length === 0
      ? [tells ? 'Nothing is seen to have moved.' : 'Nothing could be compared.']
      : ['Moved:', ...most.map((text) => `  ${text}`)];
  return [
    ...plain([runText('A', comparison.a), runText('B', comparison.b)]),
    ...(hops.length + links.length + facts.length === 0 ? plain(['There is no hop and no link to compare.']) : []),
    ...(isTold ? hopTable(hops, width) : []),
    ...linkTable(links, width),
    ...plain(notCounted(facts)),
    ...verdict.flatMap((text) => wrapped(text, width)).map((text): Line => ({ text, tone: moved.length === 0 ? 'plain' : 'alarm' })),
  ];
}

const KINDS = {
  trace: 'trace',
  reverse: 'reverse trace',
  between: 'trace',
  paths: 'paths',
  probe: 'probe',
  spray: 'spray',
  locate: 'locate',
  scan: 'scan',
} as const;

function runText(letter: string, { file, command, source, target, targetName, startMs, verdict }: ComparedRun): string {
  const when = new Date(startMs).toISOString().slice(0, 19);
  const came = verdict === null ? '' : `, ${verdict}`;
  return `${letter} ${printable(file)}: ${KINDS[command]} from ${source} to ${hostText(target, targetName)}, ${when}Z${came}`;
}

const endTexts = ({ moved, a, b }: ComparisonEvent): string[] => [
  ...(moved.includes('reached') ? [`the end was ${reachedText(a)} in A and ${reachedText(b)} in B`] : []),
  ...(moved.includes('verdict') ? [`the verdict is ${a.verdict} in A and ${b.verdict} in B`] : []),
];

const reachedText = ({ reached }: ComparedRun): string => (reached ? 'reached' : 'not reached');

function sentences(found: Difference): string[] {
  if (found.moved.length === 0) return [];
  if (found.type === 'difference') return hopSentences(found);
  if (found.type === 'linkDifference') return linkSentences(found);
  if (found.type === 'factDifference') return [factText(found)];
  return [`hop ${found.position}, ${found.address ?? '*'}, ${found.field} ${found.value}: loss ${shareText(found.loss)}`];
}

function hopSentences({ hop, a, b, loss, errors, rttMs, moved }: DifferenceEvent): string[] {
  const who = `hop ${b?.position ?? a?.position}, ${b?.address ?? a?.address ?? '*'}: `;
  const said: Partial<Record<Moved, () => string>> = {
    hop: () => HOPS[hop]!(a, b),
    state: () => `${who}${stateText(a)} in A, ${stateText(b)} in B`,
    loss: () => `${who}loss ${shareText(loss!)}`,
    errors: () => `${who}errors ${shareText(errors!)}`,
    rtt: () => `${who}median round trip ${milliseconds(rttMs!.a)} in A, ${milliseconds(rttMs!.b)} in B`,
  };
  return moved.flatMap((one) => said[one]?.() ?? []);
}

const stateText = (hop: ComparedHop | null): string => printable(hop?.state ?? 'no error');
const nameOf = (hop: ComparedHop | null): string => hop?.address ?? 'a silent hop';

const HOPS: Readonly<Record<string, (a: ComparedHop | null, b: ComparedHop | null) => string>> = {
  replaced: (a, b) => `hop ${b!.position}: ${nameOf(b)} in place of ${nameOf(a)}`,
  added: (_, b) => `hop ${b!.position}: ${nameOf(b)} is new`,
  removed: (a) => `hop ${a!.position} of A: ${nameOf(a)} is gone`,
};

function linkSentences(difference: LinkDifferenceEvent): string[] {
  const { link, to, forward, backward, both, leastMs, medianMs } = difference;
  const name = linkName(difference);
  const [one, other] = endNames(difference);
  const losses: readonly [string, ShareMoved | null][] = [
    [`${one}→${other}`, forward],
    [`${other}→${one}`, backward],
    [to === null ? `router ${one}` : `${name}, there and back`, both],
  ];
  return [
    ...(link === 'added' ? [`${name} is new`] : link === 'removed' ? [`${name} is gone`] : []),
    ...losses.flatMap(([who, share]) => (share !== null && (share.low > 0 || share.high < 0) ? [`${who}: loss ${shareText(share)}`] : [])),
    ...(difference.moved.includes('rtt') ? [`${name}: ${timeText(medianMs!, leastMs!)}`] : []),
  ];
}

function timeText(median: BetweenMoved, least: BetweenMoved): string {
  const points = [median.low, median.high].map((value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`).join(' to ');
  const why =
    median.low <= 0 ? '' : least.low > 0 ? '; the least grew too, as on a longer way' : '; the least is not seen to grow, as with a queue';
  return `adds ${milliseconds(median.a)} (median) in A, ${milliseconds(median.b)} in B: ${points} ms${why}`;
}

const factText = ({ position, address, fact, a, b }: FactDifferenceEvent): string =>
  `hop ${position}, ${address}: ${printable(fact)}: ${valueText(a)} in A, ${valueText(b)} in B`;

const valueText = (value: FactDifferenceEvent['a']): string =>
  value === null ? 'not known' : typeof value === 'boolean' ? (value ? 'yes' : 'no') : printable(String(value));

/** What differs and is no change all the same. */
function notCounted(facts: readonly FactDifferenceEvent[]): string[] {
  const texts = facts.filter(({ moved }) => moved.length === 0).map(({ position, fact }) => `hop ${position} ${printable(fact)}`);
  return texts.length === 0 ? [] : [`Not counted, being known in one run alone or a sample: ${texts.join('; ')}`];
}

/** Percents, and by how many of them the second lies above the first. */
const shareText = ({ a, b, low, high }: ShareMoved): string =>
  `${percent(a)} % in A, ${percent(b)} % in B: ${signed(low)} to ${signed(high)} points`;

const signed = (share: number): string => `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
