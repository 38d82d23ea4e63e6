/** All paths as people read them: a line for each router, what moves each split, and what it came to. */
import { familyOf } from '../wire/address.ts';
import { errorKind } from '../wire/icmp.ts';
import type { NodeEvent, PathsEvent, SplitEvent } from './event.ts';
import { errorMark } from './icmp-mark.ts';
import { percent } from './numbers.ts';
import type { PathsTold } from './paths-block.ts';
import { printable } from './printable.ts';
import { optionFor } from './trace-text.ts';
import { wrapped } from './wrap.ts';

/** `columns`: null is endless. */
export function pathsLines({ nodes, edges, splits, paths }: PathsTold, columns: number | null): string[] {
  const rows = nodes.map((node) => row(node, edges.filter(({ from }) => from === node.id).map(nextText)));
  const steering = splits.flatMap((split) => splitLines(split, nodes));
  const what = [...totals(paths, nodes), ...trouble(nodes)].flatMap((line) => wrapped(line, columns));
  return [...table(rows, columns), ...(steering.length === 0 ? [] : ['', ...steering]), '', ...what];
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

function splitLines({ position, from, next, movedBy, perPacket }: SplitEvent, nodes: readonly NodeEvent[]): string[] {
  const splitter = nodes.find(({ addresses }) => from !== null && addresses.includes(from));
  const who = splitter === undefined ? `A router at hop ${position}` : `#${splitter.id}, ${from},`;
  const isOne = next.every(({ router }) => router === next[0]!.router);
  const by = perPacket
    ? 'packet: not steerable from here'
    : movedBy.length === 0
      ? 'what no probe from here can change: not steerable from here'
      : movedBy.join(', ');
  const line = isOne
    ? `${who} has parallel links to #${next[0]!.router}, or that answers from several addresses, by ${by}`
    : `${who} splits by ${by}`;
  return [line, ...next.map((one) => `  ${[`#${one.router}`, one.address, optionFor(one)].join('  ').trimEnd()}`)];
}

function totals(paths: PathsEvent, nodes: readonly NodeEvent[]): string[] {
  const { edges, splits, flows, probes, risk, missed, unknown } = paths;
  const ways = paths.paths === null ? '' : `${count(paths.paths, 'path')} over `;
  const what = `${ways}${count(nodes.filter(({ is }) => is !== 'us').length, 'node')} and ${count(edges, 'link')}, ${count(splits, 'split')}; ${count(flows, 'flow')}, ${count(probes, 'probe')}.`;
  const least = `A next hop is missing with a probability of at most ${share(missed)} (${share(risk)} asked)${missed > risk ? ': the search ended early' : ''}.`;
  const rest = `Of ${count(unknown, 'node')} nobody knows: a next hop is silent, or there are too many.`;
  return [what, least, ...(unknown > 0 ? [rest] : [])];
}

function trouble(nodes: readonly NodeEvent[]): string[] {
  const loops = nodes.filter(({ loops }) => loops).map(({ id }) => `#${id}`);
  return loops.length === 0 ? [] : [`Flows loop at ${loops.join(' ')}.`];
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? '' : 's'}`;

const LEAST_TOLD = 1e-4;
const share = (fraction: number): string => (fraction > 0 && fraction < LEAST_TOLD ? '<0.01%' : `${percent(fraction)}%`);
