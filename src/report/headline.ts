/** The line that opens a command's text, and what each command shows at all. */
import type { Address } from '../wire/address.ts';
import type { Command, PathEvent, StartEvent } from './event.ts';
import { printable } from './printable.ts';

/** What a command's text is made of. */
export interface Layout {
  readonly headline: (start: StartEvent) => string | null;
  /** Whether hops are told as they come; a probe's discovery ends in its path. */
  readonly hops: boolean;
  readonly path: boolean;
  readonly table: boolean;
  /** Its paths are many at once, not one after the other. */
  readonly many?: true;
}

const findingPath = (start: StartEvent): string | null =>
  start.discovers ? `Finding path from ${source(start)} to ${target(start)}${uplink(start)}` : null;

export const LAYOUTS: Readonly<Record<Command, Layout>> = {
  trace: { headline: (start) => `Doing traceroute to ${target(start)}${uplink(start)}`, hops: true, path: false, table: false },
  reverse: { headline: (start) => `Doing reverse traceroute from ${source(start)}${uplink(start)}`, hops: true, path: false, table: false },
  between: {
    headline: (start) => `Doing traceroute from ${source(start)} to ${target(start)}${uplink(start)}`,
    hops: true,
    path: false,
    table: false,
  },
  paths: {
    headline: (start) => `Finding every path from ${source(start)} to ${target(start)}${uplink(start)}`,
    hops: false,
    path: false,
    table: false,
  },
  probe: { headline: findingPath, hops: false, path: true, table: true },
  spray: { headline: findingPath, hops: false, path: true, table: false, many: true },
  locate: { headline: findingPath, hops: false, path: true, table: false },
  scan: { headline: findingPath, hops: false, path: true, table: false },
};

const source = (start: StartEvent): string => hostText(start.source, start.sourceName);
const target = (start: StartEvent): string => hostText(start.target, start.targetName);

/** Probes are frames of our own making: where the host would choose among next hops, they all take this one. */
const uplink = ({ ways, nextHop, interface: device }: StartEvent): string =>
  ways > 1 ? `, by ${nextHop} on ${device}, one of ${ways} ways out` : '';

/** `r1.example (10.0.1.1)`, or the address alone where no name is known. */
export const hostText = (address: Address, name: string | null): string =>
  name === null || name === address ? address : `${printable(name)} (${address})`;

/** What stands between the tables of two parts. */
export const partLines = ({ part }: PathEvent): string[] => (part === 1 ? [] : ['', `Part ${part}, along the path as it is now:`]);

/** `[10.0.0.1 * 10.255.0.7]`: can be pasted after `-p`. */
export const pathText = (path: PathEvent): string => `[${path.hops.map((hop) => hop ?? '*').join(' ')}]`;
