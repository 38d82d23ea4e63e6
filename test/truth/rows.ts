/** What a probe's table must say of a network: rows that add up, each loss one that the routers counted, and nothing hidden. */
import * as assert from 'uvu/assert';
import type { Event, TallyEvent } from '../../src/report/event.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { Topology } from '../../src/topology/topology.ts';
import type { Address } from '../../src/wire/address.ts';
import { endOf, nameIn, nodeIn, of, problems } from './commands.ts';
import { type Crossing, fates, positionOf, type Watched } from './watched.ts';

/** Of one row's probes in the sweep: what the routers did to each. */
export type Fates = ReadonlyMap<number, readonly (readonly Crossing[])[]>;

/** The sweep comes last, so its packets are as many of the last ones as its rows say they sent. */
export const firstOfSweep = ({ sent }: Watched, rows: readonly TallyEvent[]): number =>
  sent.length - rows.filter(isSwept).reduce((sum, row) => sum + row.sent, 0);

/** The packets of one row. */
export const probesOf = (network: Watched, rows: readonly TallyEvent[], position: number): Uint8Array[] =>
  network.sent
    .slice(firstOfSweep(network, rows))
    .map(({ bytes }) => bytes)
    .filter((bytes) => positionOf(bytes) === position);

export function fatesOfSweep(network: Watched, rows: readonly TallyEvent[]): Fates {
  const first = firstOfSweep(network, rows);
  const swept = fates(network).slice(first);
  const ofRow = (position: number): Crossing[][] => swept.filter((_, index) => positionOf(network.sent[first + index]!.bytes) === position);
  return new Map(rows.filter(isSwept).map(({ position }) => [position, ofRow(position)]));
}

/** Rows that were only listed tell of one probe at most, the survey's. */
export const isSwept = ({ sent }: TallyEvent): boolean => sent > 1;

export const errorsOf = ({ errors }: TallyEvent): number => Object.values(errors).reduce((sum, count) => sum + count, 0);

export const lostOf = (crossings: readonly Crossing[]): number => crossings.reduce((sum, { lost }) => sum + lost, 0);

/** Of one packet: on the last link home a redirect may go beside it, and the counters do not tell which of both was lost. */
const surelyLost = (crossings: readonly Crossing[]): number =>
  lostOf(crossings.map((each) => (each.to === 'a' ? { ...each, lost: Math.max(0, each.lost - each.times + 1) } : each)));

/** Sums hold to the packet, and a row's loss is what the routers counted of its packets: no more, no less. */
export function assertCounted(rows: readonly TallyEvent[], counted: Fates, count: number): void {
  for (const row of rows) {
    const where = `position ${row.position}: ${JSON.stringify(row)}`;
    assert.is(row.received + row.lost + row.unknown + errorsOf(row), row.sent, where);
    assert.equal([row.unknown, row.duplicate, row.late], [0, 0, 0], where);
    if (!isSwept(row)) assert.is(row.lost + row.received, 0, where);
    else assert.is(row.sent, count, where);
    const ofRow = counted.get(row.position) ?? [];
    const [least, most] = [surelyLost, lostOf].map((lost) => ofRow.reduce((sum, crossings) => sum + lost(crossings), 0));
    assert.ok(row.lost >= least! && row.lost <= most!, `${least} to ${most} lost, ${where}`);
  }
}

/** The rows are the path's hops in order; what cannot be measured is said to be so, and is so. */
export function assertRows(topology: Topology, events: readonly Event[], rows: readonly TallyEvent[]): void {
  const [, ...hops] = of(events, 'path')[0]!.hops;
  assert.equal(
    rows.map(({ position, address }) => [position, address]),
    hops.slice(0, rows.length).map((address, index) => [index + 1, address]),
  );
  const said = of(events, 'problem');
  const saidOf = (code: string, what: string): number =>
    said.filter((problem) => problem.code === code && problem.message.includes(what)).length;
  for (const row of rows) {
    const where = `position ${row.position}: ${JSON.stringify(row)} ${JSON.stringify(said)}`;
    const refused = Object.keys(row.errors).some((kind) => kind === 'icmp 3/2' || kind === 'icmpv6 4/1');
    if (row.address === null) {
      assert.equal([row.sent, saidOf('SILENT_HOP', `Hop ${row.position} `)], [0, 1], where);
    } else if (refused) {
      assert.equal([row.sent, errorsOf(row), nodeIn(topology, nameIn(topology, row.address)).decapsulates], [1, 1, false], where);
      assert.is(saidOf('NO_DECAPSULATION', `${row.address} `), 1, where);
    } else if (row.received === 0) {
      assert.is(saidOf('NO_WAY_HOME', `to ${row.address} `), 1, where);
    } else {
      assert.equal([errorsOf(row), nodeIn(topology, nameIn(topology, row.address)).decapsulates], [0, true], where);
    }
  }
  assert.is(saidOf('TABLE_ENDS', ''), rows.length < hops.length ? 1 : 0);
}

/** 1: a failure was found. 5: none, but not all could be measured. 0: the whole path was, and is well. */
export function assertVerdict(topology: Topology, events: readonly Event[], rows: readonly TallyEvent[]): void {
  const last = rows.at(-1)!;
  const reached = last.received > 0 && nameIn(topology, last.address) === 'd';
  const lost = rows.some((row) => row.lost > 0);
  const whole = reached && !problems(events).includes('NO_WAY_HOME');
  assert.equal(
    [endOf(events).reached, endOf(events).exit],
    [reached, lost ? 1 : whole ? 0 : 5],
    JSON.stringify(events.filter(({ type }) => type !== 'hop')),
  );
}

/**
 * Where all hops up to a row are measured, its probes cross each link of the path once there and once back, and from us no other: its
 * losses are theirs, and those of the way home from the first hop. From a router elsewhere the way to it and home from it are more.
 */
export function assertCrossed(topology: Topology, us: Address, rows: readonly TallyEvent[], counted: Fates, startsAtUs: boolean): void {
  const path = [...(startsAtUs ? ['a'] : []), ...rows.map(({ address }) => nameIn(topology, address))];
  for (const [index, row] of rows.entries()) {
    if (row.received === 0) return;
    const way = path.slice(0, index + (startsAtUs ? 2 : 1));
    const both = way.slice(1).flatMap((name, i) => [`${way[i]}>${name}`, `${name}>${way[i]}`]);
    // Nothing steers the way from the first hop to us: it is one of those that its tables give.
    const homes = startsAtUs
      ? shortestPaths(topology, way[1]!, us).map((home) => home.slice(1).map((name, i) => `${home[i]}>${name}`))
      : [];
    const steered = startsAtUs ? both.filter((one) => one !== `${way[1]}>a`) : both;
    for (const each of counted.get(row.position)!.filter((crossings) => lostOf(crossings) === 0)) {
      const crossed = each.flatMap(({ from, to, times }) => Array.from({ length: times }, () => `${from}>${to}`));
      const where = `position ${row.position} of ${path} crossed ${crossed}`;
      for (const one of steered) assert.ok(crossed.includes(one), `${where}, not ${one}`);
      const whole = homes.map((home) =>
        beforeLast([...steered, ...home])
          .sort()
          .join(),
      );
      if (startsAtUs) assert.ok(whole.includes(beforeLast(crossed).sort().join()), where);
    }
  }
}

/** On the last link home a redirect may go beside the probe: the first router tells us of a shorter way. */
const beforeLast = (crossed: readonly string[]): string[] => crossed.filter((one) => !one.endsWith('>a'));
