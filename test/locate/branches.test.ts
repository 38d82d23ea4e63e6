/** `locate -d` where ways of equal cost lead to the end: the one that loses is named, with its direction and a flow that takes it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { traceCommand } from '../../src/cli/commands/trace.ts';
import { sessionOn } from '../../src/cli/session.ts';
import type { Event } from '../../src/report/event.ts';
import { locateLines } from '../../src/report/locate-text.ts';
import { linksIn, located, opened, verdictIn } from './located.ts';
import { losing, namedIn, topologyOf } from './told.ts';

const CASES = [
  ['ecmp4', 'r1→m3', 0.05, 4, undefined],
  ['ecmp4', 'm2→r2', 0.05, 6, undefined],
  ['ecmp4', 'r2→m4', 0.1, 4, undefined],
  ['demo', 'r2→r4', 0.1, 4, 'r1'],
  ['diamond', 'r4→r3', 0.05, 6, undefined],
] as const;

for (const [name, direction, loss, family, source] of CASES)
  test(`${name}, IPv${family}${source === undefined ? '' : `, from ${source}`}: loss of ${direction} alone is named`, async () => {
    const topology = topologyOf(name);
    const network = opened(topology, 5);
    losing(network, { [direction]: loss });
    const verdict = verdictIn(await located(network, family, { destination: 'd', ...(source !== undefined && { source }) }));
    assert.equal(namedIn(topology, family, verdict), [direction], JSON.stringify(verdict));
  });

test('what a member loses keeps nobody from finding it: routers that answer are not taken for such as seldom do', async () => {
  for (const seed of [1, 2, 6]) {
    const topology = topologyOf('ecmp4');
    const network = opened(topology, seed);
    losing(network, { 'r2→m4': 0.1 });
    const verdict = verdictIn(await located(network, 4, { destination: 'd' }));
    assert.equal(namedIn(topology, 4, verdict), ['r2→m4'], JSON.stringify(verdict));
  }
});

for (const [name, near, members, far] of [
  ['ecmp4', 'r1', ['m1', 'm2', 'm3', 'm4'], 'r2'],
  ['diamond', 'r1', ['r2', 'r3'], 'r4'],
] as const)
  test(`${name}: the flow that is told with a member of equal ways takes it`, async () => {
    for (const member of members)
      for (const direction of [`${near}→${member}`, `${member}→${far}`]) {
        const network = opened(topologyOf(name), 5);
        losing(network, { [direction]: 0.05 });
        const events = await located(network, 4, { destination: 'd' });
        const [suspect] = verdictIn(events).suspects;
        assert.ok(suspect !== undefined && 'flow' in suspect && suspect.flow !== undefined, JSON.stringify(verdictIn(events)));
        const { sourcePort, destinationPort } = suspect.flow;
        assert.is(await memberTaken(name, sourcePort, destinationPort), member, direction);
        const text = locateLines({ plan: null, links: linksIn(events), verdict: verdictIn(events), seconds: null }, null);
        assert.match(text[0]!.text, new RegExp(`taken by flows such as source port ${sourcePort}$`));
      }
  });

/** The second router that a trace of this flow shows. */
async function memberTaken(name: string, sourcePort: number, port: number): Promise<string> {
  const topology = topologyOf(name);
  const events: Event[] = [];
  const body = traceCommand('d', { sourcePort, port, dscp: 0, count: 1, timeout: 1, maxHops: 30, firstHop: 1 });
  const reporter = { event: (event: Event) => void events.push(event), close: () => {} };
  await sessionOn(opened(topology, 5), body, reporter, new AbortController().signal);
  const hop = events.find((event) => event.type === 'hop' && event.position === 2);
  assert.ok(hop !== undefined && 'address' in hop);
  return topology.links.flatMap(({ ends }) => ends).find(({ addresses }) => addresses[4] === hop.address)!.node;
}

test.run();
