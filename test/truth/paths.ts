/** What a trace must say of a network: the hops of one of the topology's equal ways, silent ones as `*`. */
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { Topology } from '../../src/topology/topology.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';
import { endOf, nameIn, nodeIn, of, problems } from './commands.ts';

/** Each way from one node to another as a trace shows it: who sends no time exceeded is a `*`, unless the path ends there. */
export const waysShown = (topology: Topology, from: string, to: string, family: FamilyNumber): string[][] =>
  shortestPaths(topology, from, to, family).map((way) =>
    way.map((name, index) => (index < way.length - 1 && nodeIn(topology, name).silent ? '*' : name)),
  );

/** All but the note that the way home is by another link: of a drawn network it may be true, of whatever answer came home. */
const problemsOfPath = (events: readonly Event[]): string[] => problems(events).filter((code) => code !== 'OTHER_UPLINK');

/** The end was reached, over one of the ways, and each hop has one face. */
export function assertWalked(topology: Topology, events: readonly Event[], ways: readonly (readonly string[])[]): void {
  const hops = of(events, 'hop');
  const walked = hops.map(({ address }) => nameIn(topology, address));
  assert.ok(
    ways.some((way) => way.join(' ') === walked.join(' ')),
    `${walked.join(' ')} is none of ${ways.map((way) => way.join(' ')).join(' | ')}`,
  );
  assert.equal(problemsOfPath(events), []);
  assert.equal([endOf(events).reached, endOf(events).exit], [true, 0]);
  hops.forEach(({ position, ttl, reached, others, icmp }, index) => {
    assert.equal([position, ttl, reached, others, icmp], [index + 1, index + 1, index === hops.length - 1, [], null]);
  });
}

/** The path event starts with us, and tells who was not heard by null, but for the ends, which the user named. */
export function assertPath(topology: Topology, events: readonly Event[], ends: { readonly from: string; readonly to: string }): void {
  const shown = of(events, 'path')[0]!.hops.map((address) => nameIn(topology, address));
  const hops = of(events, 'hop').map(({ address }) => nameIn(topology, address));
  if (ends.from !== 'a') hops[0] = ends.from;
  assert.equal(shown, ['a', ...hops.slice(0, -1), ends.to]);
}

export function assertNoEntry(events: readonly Event[]): void {
  assert.equal(problemsOfPath(events), ['NO_DECAPSULATION']);
  assert.equal([of(events, 'hop').length, endOf(events).reached, endOf(events).exit], [0, false, 4]);
}
