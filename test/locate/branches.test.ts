// limit: 240 s
/** `locate -d` where ways of equal cost lead to the end: the one that loses is named, with its direction and a flow that takes it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { traceCommand } from '../../src/cli/commands/trace.ts';
import { sessionOn } from '../../src/cli/session.ts';
import type { Event } from '../../src/report/event.ts';
import { locateLines } from '../../src/report/locate-text.ts';
import { linksIn, located, type Opened, opened, verdictIn } from './located.ts';
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
        const { sourcePort, destinationPort, flowLabel } = suspect.flow;
        assert.is(await hopTaken(opened(topologyOf(name), 5), 4, { sourcePort, flowLabel, port: destinationPort }), member, direction);
        const text = locateLines({ plan: null, links: linksIn(events), verdict: verdictIn(events), seconds: null }, null);
        assert.match(text[0]!.text, new RegExp(`taken by flows such as source port ${sourcePort}$`));
      }
  });

for (const family of [4, 6] as const)
  for (const [name, direction, member] of [
    ['ecmp4', 'm2→r2', 'm2'],
    ['diamond', 'r2→r4', 'r2'],
  ] as const)
    test(`${name}, IPv${family}: ${direction} is blamed where it is dead, since other flows know its far end, with a flow that dies on it`, async () => {
      const topology = topologyOf(name);
      for (const seed of [5, 7]) {
        const network = opened(topology, seed);
        losing(network, { [direction]: 1 });
        const verdict = verdictIn(await located(network, family, { destination: 'd' }));
        assert.equal([namedIn(topology, family, verdict), verdict.unknown], [[direction], []], JSON.stringify(verdict));
        const [suspect] = verdict.suspects;
        assert.ok(suspect !== undefined && 'flow' in suspect && suspect.low > 0.5 && suspect.high === 1, JSON.stringify(verdict));
        const { sourcePort, flowLabel, destinationPort } = suspect.flow!;
        const before = opened(topology, seed); // as the flows went when nothing was dead
        assert.is(await hopTaken(before, family, { sourcePort, flowLabel, port: destinationPort }), member);
      }
    });

for (const family of [4, 6] as const)
  for (const [name, direction, last, member] of [
    ['ecmp4', 'r1→m2', 'r1', 'm2'],
    ['diamond', 'r1→r2', 'r1', 'r2'],
  ] as const)
    test(`${name}, IPv${family}: where ${direction} is dead and nobody has heard of its far end that is said with the router before and a flow that dies`, async () => {
      const topology = topologyOf(name);
      for (const seed of [5, 7]) {
        const network = opened(topology, seed);
        losing(network, { [direction]: 1 });
        const verdict = verdictIn(await located(network, family, { destination: 'd' }));
        assert.equal([verdict.kind, verdict.suspects], ['unknown', []], JSON.stringify(verdict));
        const told = verdict.unknown.find(({ flow }) => flow !== undefined);
        const its = topology.links
          .flatMap(({ ends }) => ends.filter(({ node }) => node === last))
          .map(({ addresses }) => addresses[family]);
        assert.ok(its.includes(told!.links[0]!.from), JSON.stringify(verdict.unknown));
        assert.match(told!.why, /is dead behind .* To which router they go is not known from here, so that no link is blamed$/);
        const { sourcePort, flowLabel, destinationPort } = told!.flow!;
        const before = opened(topology, seed); // as the flows went when nothing was dead
        assert.is(await hopTaken(before, family, { sourcePort, flowLabel, port: destinationPort }), member);
      }
    });

test('a link that is dead both ways is proved by nothing that comes back over it, and is not blamed', async () => {
  const network = opened(topologyOf('ecmp4'), 6);
  losing(network, { 'm2→r2': 1, 'r2→m2': 1 });
  const { kind, suspects, unknown } = verdictIn(await located(network, 4, { destination: 'd' }));
  assert.equal([kind, suspects], ['unknown', []]);
  assert.ok(
    unknown.some(({ why }) => /is dead behind .* no link is blamed$/.test(why)),
    JSON.stringify(unknown),
  );
});

for (const [name, family, direction] of [
  ['ecmp4', 4, 'm2→r1'],
  ['diamond', 4, 'r2→r1'],
  ['diamond', 6, 'r2→r1'],
] as const)
  test(`${name}, IPv${family}: ways of equal cost that nobody measured are not clear, where ${direction} is dead`, async () => {
    const network = opened(topologyOf(name), 5);
    losing(network, { [direction]: 1 });
    const { kind, suspects } = verdictIn(await located(network, family, { destination: 'd' }));
    assert.equal([kind, suspects], ['unknown', []]);
  });

test('where routers answer once a second, ways of equal cost that are seen to begin are unknown', async () => {
  const network = opened({ ...topologyOf('diamond'), profile: 'stock' }, 5);
  const { kind, unknown } = verdictIn(await located(network, 4, { destination: 'd' }));
  assert.is(kind, 'unknown');
  assert.match(unknown[0]!.why, /^ways of equal cost begin here .*: a router answers about once a second$/);
});

/** The second router that a trace of this flow shows. */
async function hopTaken(network: Opened, family: 4 | 6, flow: { sourcePort: number; flowLabel: number; port: number }): Promise<string> {
  const events: Event[] = [];
  const { flowLabel, ...ports } = flow;
  const options = { ...ports, ...(family === 6 && { flowLabel }), dscp: 0, count: 1, timeout: 1, maxHops: 30, firstHop: 1, [family]: true };
  const reporter = { event: (event: Event) => void events.push(event), close: () => {} };
  await sessionOn(network, traceCommand('d', options), reporter, new AbortController().signal);
  const hop = events.find((event) => event.type === 'hop' && event.position === 2);
  assert.ok(hop !== undefined && 'address' in hop);
  const ends = network.engine.topology.links.flatMap((link) => link.ends);
  return ends.find(({ addresses }) => addresses[family] === hop.address)!.node;
}

test.run();
