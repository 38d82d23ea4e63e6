/** The text of what each link adds to the round trip, and of what has grown. */
import type { BetweenMs, LatencyEvent } from './event.ts';
import { printable } from './printable.ts';
import type { Line } from './probe-table.ts';

export function latencyLines(links: readonly LatencyEvent[]): Line[] {
  const grown = links.filter(({ moved }) => moved === 'queueing' || moved === 'way');
  const isCompared = links.some(({ moved }) => moved !== null);
  const none: Line[] = isCompared && grown.length === 0 ? [{ text: 'On no link the round trip is seen to have grown', tone: 'plain' }] : [];
  return [...grown.map(grownLine), ...none, ...table(links, isCompared)];
}

function grownLine(link: LatencyEvent): Line {
  const what = link.moved === 'queueing' ? 'The queueing on' : 'The way over';
  return { text: `${what} ${nameOf(link)} grew by ${text(link.grewMs)} ms there and back`, tone: 'alarm' };
}

function table(links: readonly LatencyEvent[], isCompared: boolean): Line[] {
  const heading = ['LINK', 'LEAST MS', 'MEDIAN MS', 'PROBES', ...(isCompared ? ['GREW MS'] : [])];
  const rows = links.map((link) => ({
    tone:
      link.moved === 'queueing' || link.moved === 'way'
        ? ('alarm' as const)
        : link.medianMs === null
          ? ('warning' as const)
          : ('plain' as const),
    cells: [nameOf(link), text(link.leastMs), text(link.medianMs), `${link.probes}`, ...(isCompared ? [text(link.grewMs)] : [])],
  }));
  const widths = heading.map((title, at) => Math.max(title.length, ...rows.map(({ cells }) => cells[at]!.length)));
  const joined = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd();
  return [{ text: joined(heading), tone: 'plain' }, ...rows.map(({ cells, tone }) => ({ text: joined(cells), tone }))];
}

const nameOf = ({ from, to, fromName, toName }: LatencyEvent): string => `${printable(fromName ?? from)}–${printable(toName ?? to)}`;

const text = (between: BetweenMs | null): string =>
  between === null ? '-' : `${between.value.toFixed(3)} (${between.low.toFixed(3)} to ${between.high.toFixed(3)})`;
