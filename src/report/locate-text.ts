/** The text of a verdict: what loses packets, a table of the links with both directions, and what is not known. */
import { alike as linksAlike } from '../locate/alike.ts';
import type { LossEstimate } from '../locate/links.ts';
import type { DeviceSuspect, LinkSuspect, UnknownPart } from '../locate/verdict.ts';
import type { Address } from '../wire/address.ts';
import type { LinkEvent, PlanEvent, TalliesEvent, VerdictEvent } from './event.ts';
import { percent } from './numbers.ts';
import { printable } from './printable.ts';
import type { Line } from './probe-table.ts';
import { wrapped } from './wrap.ts';

export interface Located {
  readonly plan: PlanEvent | null;
  /** What stood in a file; null where a network is asked. */
  readonly tallies?: TalliesEvent | null;
  readonly links: readonly LinkEvent[];
  /** Null while it is not known. */
  readonly verdict: VerdictEvent | null;
  /** How long it took; null where nobody tells. */
  readonly seconds: number | null;
}

/** No line but a table's is longer than `columns`; null is endless. */
export function locateLines({ plan, tallies = null, links, verdict, seconds }: Located, columns: number | null): Line[] {
  const names = namesOf(links);
  const told = verdict === null ? [] : verdictLines(verdict, links, names, seconds);
  const unknown = verdict === null ? [] : verdict.unknown.flatMap((part) => unknownLines(part, links, names));
  const above = [
    ...(plan === null || plan.walks === 0 ? [] : [planText(plan), ...alikeTexts(plan, names)]),
    ...(tallies === null ? [] : [talliesText(tallies)]),
  ].map((text) => ({
    text,
    tone: 'plain' as const,
  }));
  const broken = (lines: readonly Line[]): Line[] =>
    lines.flatMap(({ text, tone }) => wrapped(text, columns).map((one, index) => ({ text: index === 0 ? one : `  ${one}`, tone })));
  return [...broken(told), ...broken(above), ...tableOf(links, names, columns), ...broken(unknown)];
}

const planText = ({ walks, links, directed, coverage, identifiability }: PlanEvent): string =>
  `${many(walks, 'walk')} over ${many(links, 'link')}, each link on ${coverage} or more; directions told apart on ${directed}; ` +
  `${identifiability === 0 ? 'not every dead part is told from every other' : `${identifiability} dead part${identifiability > 1 ? 's' : ''} told from any other`}`;

/** What no count over these walks tells, said before the first is known. */
function alikeTexts({ alike }: PlanEvent, names: Names): string[] {
  const texts = alike.map((group) => linksAlike(group).map(({ from, to }) => `${calledBy(names, from)}–${calledBy(names, to ?? from)}`));
  const pairs = texts.filter(({ length }) => length === 1).flat();
  const groups = texts.filter(({ length }) => length > 1).map((links) => links.join(' from '));
  const parts = [...(pairs.length > 0 ? [`the directions of ${pairs.join(', ')}`] : []), ...groups];
  return parts.length === 0 ? [] : [`This plan cannot tell apart ${parts.join('; nor ')}`];
}

const talliesText = ({ paths, links, nodes, sent, unknown, method }: TalliesEvent): string =>
  `${many(paths, 'path')} over ${many(links, 'link')} between ${many(nodes, 'node')}; ` +
  `${many(sent, 'probe')}${unknown === 0 ? '' : `, ${unknown.toLocaleString('en')} of them unknown`}; ${METHODS[method]}`;

const many = (count: number, what: string): string => `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;

const METHODS: Readonly<Record<TalliesEvent['method'], string>> = {
  explanations: 'every explanation that fits',
  likelihood: 'one joint fit',
  netbouncer: "NetBouncer's fit",
};

type Names = ReadonlyMap<Address, string>;

const namesOf = (links: readonly LinkEvent[]): Names =>
  new Map(
    links.flatMap(({ from, to, fromName, toName }) => [
      [from, fromName === null ? from : printable(fromName)] as const,
      [to, toName === null ? to : printable(toName)] as const,
    ]),
  );

const calledBy = (names: Names, address: Address): string => names.get(address) ?? address;

function verdictLines(
  { kind, suspects, unknown }: VerdictEvent,
  links: readonly LinkEvent[],
  names: Names,
  seconds: number | null,
): Line[] {
  const probes = Math.max(0, ...links.flatMap(({ forward, backward, both }) => [forward, backward, both].map((one) => one?.probes ?? 0)));
  const cost = seconds === null ? '' : `; ${probes.toLocaleString('en')} probes over the busiest link, ${seconds.toFixed(1)} s`;
  if (kind === 'clear') return [{ text: `Clear: no link loses more than it may${cost}`, tone: 'plain' }];
  if (kind === 'unknown') return [{ text: `Cannot tell: ${unknown[0]?.why ?? 'nothing was probed'}${cost}`, tone: 'warning' }];
  return suspects.map((one, index) => ({
    text: `${'device' in one ? deviceText(one, names) : suspectText(one, links, names)}${index === 0 ? cost : ''}`,
    tone: 'alarm',
  }));
}

const deviceText = ({ device, ...loss }: DeviceSuspect, names: Names): string =>
  `The router ${calledBy(names, device)} drops ${shareText(loss)} of what passes it`;

const suspectText = (one: LinkSuspect, links: readonly LinkEvent[], names: Names): string =>
  `${lossText(one, links, names)}${one.flow === undefined ? '' : flowText(one.flow)}`;

const flowText = ({ sourcePort, flowLabel }: NonNullable<LinkSuspect['flow']>): string =>
  `; taken by flows such as source port ${sourcePort}${flowLabel === 0 ? '' : `, flow label ${flowLabel}`}`;

function lossText({ from, to, direction, ...loss }: LinkSuspect, links: readonly LinkEvent[], names: Names): string {
  const [one, two] = [calledBy(names, from), calledBy(names, to)];
  const [there] = links.filter((link) => link.from === from && link.to === to);
  const [opposite] = links.filter((link) => link.from === to && link.to === from);
  if ((there ?? opposite)?.is === 'routers') {
    const way = { 'from-to': `from ${one} to ${two}`, both: 'each way', 'not-identifiable': 'there and back' }[direction];
    const untold = direction === 'not-identifiable' ? 'on which link, and in which direction' : 'on which link';
    return `Somewhere on ${one}…${two} ${shareText(loss)} is lost ${way}; no probe tells ${untold}`;
  }
  if (direction === 'both') return `${one}–${two} drops ${shareText(loss)} of what it carries, each way`;
  if (direction === 'not-identifiable')
    return `Between ${one} and ${two} ${shareText(loss)} is lost there and back; direction not identifiable from here`;
  const clean = (opposite?.forward ?? there?.backward)?.state === 'clear' ? `, ${two}→${one} is clean` : '';
  return `${one}→${two} drops ${shareText(loss)} of what it carries${clean}`;
}

const shareText = ({ loss, low, high }: { readonly loss: number; readonly low: number; readonly high: number }): string =>
  `${percent(loss)} % (${percent(low)}–${percent(high)})`;

function unknownLines({ links: parts, why, wouldSettle }: UnknownPart, links: readonly LinkEvent[], names: Names): Line[] {
  const isStretch = (from: Address, to: Address): boolean =>
    links.some((link) => link.is === 'routers' && [link.from, link.to].includes(from) && [link.from, link.to].includes(to));
  const called = (address: Address, name: string | undefined): string => (name === undefined ? calledBy(names, address) : printable(name));
  const texts = parts.map(({ from, to, fromName, toName }) =>
    to === null ? `router ${called(from, fromName)}` : `${called(from, fromName)}${isStretch(from, to) ? '…' : '–'}${called(to, toName)}`,
  );
  return [
    { text: `${texts.length === 0 ? 'Not known' : `Not known: ${texts.join(', ')}`}: ${why}`, tone: 'warning' },
    { text: `  would settle it: ${wouldSettle}`, tone: 'plain' },
  ];
}

const HEADING = ['LINK', 'THERE', 'BACK', 'PROBES', 'TOLD BY'] as const;

function tableOf(links: readonly LinkEvent[], names: Names, columns: number | null): Line[] {
  if (links.length === 0) return [];
  const rows = links.map((link) => ({ cells: cellsOf(link, names), tone: toneOf(link) }));
  const widths = HEADING.map((heading, index) => Math.max(heading.length, ...rows.map(({ cells }) => cells[index]!.length)));
  const text = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === PROBES ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!)))
      .join('  ')
      .trimEnd();
  const lines = [{ text: text(HEADING), tone: 'plain' as const }, ...rows.map(({ cells, tone }) => ({ text: text(cells), tone }))];
  return lines.map((line) => ({
    ...line,
    text: columns === null || line.text.length <= columns ? line.text : `${line.text.slice(0, columns - 1)}…`,
  }));
}

const PROBES = 3;

function cellsOf(link: LinkEvent, names: Names): string[] {
  const { from, to, is, how, forward, backward, both } = link;
  const name = `${calledBy(names, from)}${is === 'link' ? '–' : '…'}${calledBy(names, to)}`;
  const probes = (both ?? forward)?.probes ?? 0;
  if (both !== null) return [name, estimateText(both), both.loss === null ? '' : '(both together)', `${probes}`, how ?? ''];
  const each = [forward, backward].map((one) => (one === null ? '-' : estimateText(one)));
  return [name, ...each, `${Math.min(...[forward, backward].flatMap((one) => one?.probes ?? []))}`, how ?? ''];
}

function estimateText({ state, loss, low, high }: LossEstimate): string {
  if (loss === null || low === null || high === null) return state === 'behind' ? 'unknown (behind)' : '-';
  const text = `${percent(loss)} % (${percent(low)}–${percent(high)})`;
  return state === 'undecided' ? `${text} ?` : text;
}

const toneOf = ({ forward, backward, both }: LinkEvent): Line['tone'] => {
  const states = [forward, backward, both].map((one) => one?.state);
  return states.includes('suspect') ? 'alarm' : states.every((state) => state === undefined || state === 'clear') ? 'plain' : 'warning';
};
