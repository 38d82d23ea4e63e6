// limit: 300 s
/** Walks whose losses are no link's: a way that changes in mid-run, or one flow that is lost alone. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Engine } from '../../src/engine/engine.ts';
import type { Simulated } from '../../src/engine/simulated/simulated.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { located, type Opened, opened, verdictIn } from './located.ts';

const demo = parseTopology(readFileSync('fixtures/topologies/demo.yaml', 'utf8'), 'demo');

const IPV4 = 20;

/** Destinations of the nested headers, outside in. */
function destinations(packet: Uint8Array): string[] {
  const found: string[] = [];
  for (let at = 0; packet[at]! >> 4 === 4; at += IPV4) {
    found.push(packet.subarray(at + 16, at + IPV4).join('.'));
    if (packet[at + 9] !== 4) break;
  }
  return found;
}

/** The same network, but for what `takes` keeps from being sent. */
function losing(network: Opened, takes: (packet: Uint8Array, engine: Simulated) => boolean): Opened {
  const { engine } = network;
  const send: Engine['send'] = (route, packets) => {
    const passing = packets.map((packet) => !takes(packet, engine));
    for (const [at, packet] of packets.entries()) {
      if (passing[at]) engine.send(route, [packet]);
    }
    return packets.length;
  };
  return { ...network, engine: { ...engine, send } };
}

test('one way whose probes alone are lost, while its links carry all others, is a contradiction and no lossy link', async () => {
  const circuit = [
    ['r1', 'r3'],
    ['r3', 'r4'],
    ['r4', 'r2'],
    ['r2', 'r1'],
  ].map(([from, to]) => {
    const { ends } = demo.links.find((link) => link.ends.every(({ node }) => node === from || node === to))!;
    return ends.find(({ node }) => node === to)!.addresses[4];
  });
  const round = (packet: Uint8Array): boolean => destinations(packet).slice(1, 5).join() === circuit.join();
  let lost = 0;
  const network = losing(opened(demo, 7), (packet) => {
    lost += round(packet) ? 1 : 0;
    return round(packet);
  });
  const { kind, suspects, unknown } = verdictIn(await located(network, 4, { topology: 'demo' }));
  assert.ok(lost >= 10, `the circuit was asked ${lost} times`);
  assert.equal([kind, suspects], ['unknown', []]);
  const [told] = unknown.filter(({ why }) => why.startsWith('contradiction: '));
  assert.match(told?.why ?? '', /a→r1→r3→r4→r2→r1→a/);
});

test('a link that goes down in mid-run, around which routes lead then, is told as a change of routes', async () => {
  let sent = 0;
  const network = losing(opened(demo, 7), (_, engine) => {
    sent += 1;
    if (sent === 3000) engine.fault('r2-r4', null, 'down');
    return false;
  });
  const { suspects, unknown } = verdictIn(await located(network, 4, { topology: 'demo', budget: { probes: 10_000, seconds: null } }));
  assert.ok(sent > 3000);
  assert.equal(suspects, []);
  assert.ok(
    unknown.some(({ why }) => why.startsWith('route changed at r2: ')),
    JSON.stringify(unknown),
  );
  assert.ok(
    unknown.every(({ links }) => links.length > 0), // each walk over the link tells of it, and it is told once
    JSON.stringify(unknown),
  );
});

test('a way home that changes, losing packets while it does, is no loss of the links that are visited', async () => {
  let sent = 0;
  const others = {
    ...demo,
    links: demo.links.map((link) => (link.id === 'r4-r5' ? { ...link, ends: link.ends.map((end) => ({ ...end, cost: 50 })) } : link)),
  } as unknown as typeof demo;
  const network = losing(opened(demo, 7), (_, engine) => {
    sent += 1;
    if (sent === 1000) engine.reroute(others);
    return sent >= 1000 && sent < 1100;
  });
  const { suspects, unknown } = verdictIn(await located(network, 4, { source: 'r5', destination: 'd' }));
  assert.ok(sent > 1100);
  assert.equal(suspects, []);
  assert.ok(
    unknown.some(({ why }) => why.startsWith('route changed behind r5')),
    JSON.stringify(unknown),
  );
});

test.run();
