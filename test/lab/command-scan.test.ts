// limit: 120 s
/** `braceroute scan` over kernel routers that each do something else: every line of a card is what the simulator computes for them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { scanCommand } from '../../src/cli/commands/scan.ts';
import { sessionOn } from '../../src/cli/session.ts';
import { simulatedNetwork } from '../../src/cli/simulated-network.ts';
import { up } from '../../src/lab/up.ts';
import type { Event, ScanEvent } from '../../src/report/event.ts';
import { type Behaviour, PLAIN } from '../../src/topology/behaviour.ts';
import { parseHopMap } from '../../src/topology/hop-map.ts';
import { vantageOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, problems, runJson, tallies } from './measured.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();
const folder = mkdtempSync(join(tmpdir(), 'beacon-scan-'));
test.after(() => rmSync(folder, { recursive: true }));

const BEHAVIOURS: Readonly<Record<string, Partial<Behaviour>>> = {
  r1: { uniformTtl: true, acceptLocal: true },
  r2: { filters: ['strict-urpf'], decapsulation: { ...PLAIN.decapsulation, kinds: ['4in4', '6in6'], layers: 2 } },
  r3: { remarkDscp: 10, decapsulation: { ...PLAIN.decapsulation, at: 'loopback' } },
};

const TOPOLOGY: Topology = {
  ...fixture('line', 'e6e_scan'),
  nodes: fixture('line', 'e6e_scan').nodes.map((node) =>
    node.name in BEHAVIOURS ? { ...node, behaviour: { ...PLAIN, ...BEHAVIOURS[node.name] } } : node,
  ),
};

async function computed(family: 4 | 6): Promise<ScanEvent[]> {
  const events: Event[] = [];
  const options = { port: 33434, dscp: 0, timeout: 0.3, maxHops: 30, landing: 'ipip', [family]: true } as const;
  const reporter = { event: (event: Event) => void events.push(event), close: () => {} };
  await sessionOn(simulatedNetwork(TOPOLOGY), scanCommand(['d'], options), reporter, new AbortController().signal);
  return of(events, 'scan');
}

/** Values alone: messages have counts, and how many of 20 errors come depends on when. */
const valuesOf = ({ position, address, decapsulates, icmpLimit, ...card }: ScanEvent): object => ({
  position,
  address,
  decapsulates: decapsulates.map((one) => `${one.nesting} at ${one.address}: ${one.value}`).sort(),
  limited: icmpLimit.value,
  place: card.place.value,
  sources: Object.entries(card.sources).map(([kind, { value }]) => `${kind} ${value}`),
  facts: [card.reversePathCheck, card.ttl, card.dscp, card.ecn, card.depth, card.size].map(({ value }) => value),
  bounds: [card.dscp.remarkedTo, card.depth.bound, card.size.bound],
});

if (reason) skip('cards of kernel routers', reason);
else
  test('the cards of kernel routers say what the simulator computes, and their map takes probes', async () => {
    await using lab = await up(TOPOLOGY);
    const scanned = ([4, 6] as const).map((family) =>
      runJson(lab, ['scan', 'd', `-${family}`, '-t', '0.3', '--write-map', join(folder, `${family}.yaml`)]),
    );
    for (const [index, family] of ([4, 6] as const).entries()) {
      const events = await scanned[index]!;
      assert.equal(of(events, 'scan').map(valuesOf), (await computed(family)).map(valuesOf), `IPv${family}`);
      const map = parseHopMap(readFileSync(join(folder, `${family}.yaml`), 'utf8'), 'map');
      const r3 = TOPOLOGY.nodes.find(({ name }) => name === 'r3')!;
      assert.equal(map.get(of(events, 'scan')[2]!.address)!.decapsulates, [r3.loopback[4], r3.loopback[6]]);
      assert.not.ok([...map.keys()].some((address) => Object.values(vantageOf(TOPOLOGY).loopback).includes(address)));
    }
    for (const node of ['r1', 'r2']) await lab.behave(node, PLAIN);
    await lab.behave('r3', { ...PLAIN, ...BEHAVIOURS.r3 });
    const table = await runJson(lab, ['probe', '-d', 'd', '--map', join(folder, '6.yaml'), '-6', '-c', '5', '-t', '0.3']);
    assert.equal([problems(table), exitOf(table), tallies(table).map(({ received }) => received)], [[], 0, [5, 5, 5, 5]]);
    await lab.behave('r1', { ...PLAIN, icmpPolicer: { perSecond: 1, burst: 6 } });
    const [r1] = of(await runJson(lab, ['scan', 'r1', '-n', '-t', '0.3']), 'scan');
    const { value, burst, perSecond } = r1!.icmpLimit;
    assert.ok(value === true && burst! >= 3 && burst! <= 7 && perSecond! <= 2, JSON.stringify(r1!.icmpLimit));
    assert.equal([r1!.meter.steered!.heard, r1!.meter.steered!.sent], [10, 10]);
  });

test.run();
