/** All paths as people read them: a line for each router, what moves each split, and what it came to. */
import { familyOf } from '../wire/address.ts';
import { errorKind } from '../wire/icmp.ts';
import type { EdgeEvent, NodeEvent, PathsEvent, SplitEvent, SplitNext } from './event.ts';
import { errorMark } from './icmp-mark.ts';
import { percent } from './numbers.ts';
import type { PathsTold } from './paths-block.ts';
import { optionsFor, splitOf } from './paths-flow.ts';
import { printable } from './printable.ts';
import { wrapped } from './wrap.ts';

/** `columns`: null is endless. */
export function pathsLines(told: PathsTold, columns: number | null): string[] {
  const { nodes, edges, paths } = told;
  const rows = nodes.map((node) => row(node, edges.filter(({ from }) => from === node.id).map(nextText)));
  const steering = nodes.flatMap((node) => waysLines(told, node)).flatMap((line) => indented(line, columns));
  const what = [...totals(paths, nodes), ...trouble(nodes)].flatMap((line) => wrapped(line, columns));
  return [...table(rows, columns), ...(steering.length === 0 ? [] : ['', ...steering]), '', ...what];
}

const INDENT = '    ';

/** What is too long goes on further in. */
function indented(line: string, columns: number | null): string[] {
  const lines = wrapped(line, columns === null ? null : columns - INDENT.length);
  return lines.map((one, at) => (at === 0 ? one : `${INDENT}${one.trimStart()}`));
}

const nextText = ({ to, sure }: PathsTold['edges'][number]): string => `${to}${sure ? '' : '?'}`;

type Row = readonly [id: string, hop: string, router: string, next: string, flows: string, missed: string];
const HEAD: Row = ['#', 'HOP', 'ROUTER', 'NEXT', 'FLOWS', 'MISSED'];

function row(node: NodeEvent, next: readonly string[]): Row {
  const { id, is, ttls, flows, missed } = node;
  const goesOn = is !== 'end' && is !== 'us';
  const onward = is === 'end' ? 'end' : next.join(' ') || '-';
  const risk = missed === null ? 'unknown' : share(missed);
  return [String(id), ttls.join(' '), routerText(node), onward, goesOn ? String(flows) : '', goesOn && flows > 0 ? risk : ''];
}

function routerText({ addresses, name, icmp, loops }: NodeEvent): string {
  const [first] = addresses;
  if (first === undefined) return '*';
  const named = name === null ? [] : [printable(name)];
  const mark = icmp === null ? [] : [errorMark(errorKind(familyOf(first), icmp.type, icmp.code))];
  return [...named, ...addresses, ...mark, ...(loops ? ['(loop)'] : [])].join(' ');
}

/** Both long columns share what the others leave, and go on in further lines. */
function table(rows: readonly Row[], columns: number | null): string[] {
  const all = [HEAD, ...rows];
  const wide = (at: number): number => Math.max(...all.map((one) => one[at]!.length));
  const [id, hop, flows, missed] = [wide(0), wide(1), wide(4), wide(5)];
  const gaps = 5 * 2;
  const room = columns === null ? Number.POSITIVE_INFINITY : columns - id - hop - flows - missed - gaps;
  const word = Math.max(...all.flatMap((one) => one[2].split(' ').map(({ length }) => length)));
  const least = Math.max(LEAST_ROUTER, Math.min(word, room - LEAST_NEXT));
  const next = Math.min(wide(3), Math.max(LEAST_NEXT, Math.min(Math.floor(room / 3), room - least)));
  const router = Math.max(least, Math.min(wide(2), room - next));
  return all.flatMap((one) => {
    const [routers, onward] = [wrapped(one[2], router), wrapped(one[3], next)];
    return Array.from({ length: Math.max(routers.length, onward.length) }, (_, i) => {
      const [a, b, c, d] = i === 0 ? [one[0], one[1], one[4], one[5]] : ['', '', '', ''];
      return [
        a!.padStart(id),
        b!.padStart(hop),
        (routers[i] ?? '').padEnd(router),
        (onward[i] ?? '').padEnd(next),
        c!.padStart(flows),
        d!.padStart(missed),
      ]
        .join('  ')
        .trimEnd();
    });
  });
}

const LEAST_NEXT = 8;
const LEAST_ROUTER = 15;

/** A way on, and the flow that takes it. */
interface Way {
  readonly to: number;
  readonly address: string;
  readonly options: string;
}

/** Of a node with several next hops: what moves it, then each of them with the flow that goes there; a silent one has no address. */
function waysLines(told: PathsTold, { id, addresses }: NodeEvent): string[] {
  const split = splitOf(told, id);
  const onward = told.edges.filter(({ from }) => from === id);
  if (split === undefined && onward.length < 2) return [];
  const isMoved = split === undefined || split.movedBy.length > 0;
  const heard = split?.next.map((one) => heardWay(told, one, split, onward)) ?? [];
  const rest = onward.filter(({ to }) => heard.every((way) => way.to !== to));
  const all = [...heard, ...rest.map((edge) => restWay(told, edge))].sort((one, other) => one.to - other.to);
  const lines = all.map(({ to, address, options }) => `  ${[`#${to}`, address, isMoved ? options : ''].join('  ').trimEnd()}`);
  return [`#${id}, ${addresses[0] ?? '*'}, ${split === undefined ? 'has several next hops' : steeringOf(split)}`, ...lines];
}

/** Of several links to one router each has a value, or none: an edge has a flow for one of them alone. */
function heardWay(told: PathsTold, one: SplitNext, { next }: SplitEvent, onward: readonly EdgeEvent[]): Way {
  const edge = onward.find(({ to }) => to === one.router);
  const isAlone = next.filter(({ router }) => router === one.router).length === 1;
  const isTold = edge !== undefined && (one.field !== null || isAlone);
  return { to: one.router, address: one.address, options: isTold ? optionsFor(told, one, edge) : '' };
}

const restWay = (told: PathsTold, edge: EdgeEvent): Way => ({
  to: edge.to,
  address: edge.addresses[0] ?? '*',
  options: edge.sure ? optionsFor(told, null, edge) : '',
});

function steeringOf({ next, movedBy, perPacket }: SplitEvent): string {
  const isOne = next.every(({ router }) => router === next[0]!.router);
  const by = perPacket
    ? 'packet: not steerable from here'
    : movedBy.length === 0
      ? 'what no probe from here can change: not steerable from here'
      : movedBy.join(', ');
  return isOne ? `has parallel links to #${next[0]!.router}, or that answers from several addresses, by ${by}` : `splits by ${by}`;
}

function totals(paths: PathsEvent, nodes: readonly NodeEvent[]): string[] {
  const { edges, splits, flows, probes, risk, missed, unknown } = paths;
  const ways = paths.paths === null ? '' : `${count(paths.paths, 'path')} over `;
  const what = `${ways}${count(nodes.filter(({ is }) => is !== 'us').length, 'node')} and ${count(edges, 'link')}, ${count(splits, 'split')}; ${count(flows, 'flow')}, ${count(probes, 'probe')}.`;
  if (nodes.every((node) => node.flows === 0 || node.is === 'us')) return [what]; // nobody was asked for a next hop
  const least = `A next hop is missing with a probability of at most ${share(missed)} (${share(risk)} asked)${missed > risk ? ': the search ended early' : ''}.`;
  const open = nodes.filter((node) => node.missed === null && node.is !== 'silent').map(({ id }) => `#${id}`);
  const rest = `Of ${open.join(', ')} nobody knows whether one is missing: a next hop is silent, or there are too many.`;
  return [what, least, assumed(paths), ...(unknown > 0 && open.length > 0 ? [rest] : [])];
}

/** Who goes by nothing that differs among the flows sends them all one way. */
const assumed = ({ varied }: PathsEvent): string =>
  `That holds of routers that choose by ${varied.join(' or ')}; of others all flows take one way.`;

function trouble(nodes: readonly NodeEvent[]): string[] {
  const loops = nodes.filter(({ loops }) => loops).map(({ id }) => `#${id}`);
  return loops.length === 0 ? [] : [`Flows loop at ${loops.join(' ')}.`];
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

const LEAST_TOLD = 1e-4;
const share = (fraction: number): string => (fraction > 0 && fraction < LEAST_TOLD ? '<0.01%' : `${percent(fraction)}%`);
