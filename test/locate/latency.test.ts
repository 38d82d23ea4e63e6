/** `locate --latency` on a network in memory whose delays are known, in both families, and against a baseline. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LocateCommandOptions } from '../../src/cli/commands/locate.ts';
import { latencyCommand } from '../../src/cli/commands/locate-latency.ts';
import { sessionOn } from '../../src/cli/session.ts';
import type { EndEvent, Event, LatencyEvent } from '../../src/report/event.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { fixture } from '../lab/raised.ts';
import { assertEvents } from '../report/schema.ts';
import { DEFAULTS, opened } from './located.ts';
import { topologyOf } from './told.ts';
import { withFile } from './topology-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'latency-'));
test.after(() => rmSync(folder, { recursive: true }));

interface Faulty {
  readonly link: string;
  readonly node: string;
  readonly fault: Partial<Fault>;
}

/** `drawn`: by the topology of this name or file, and not along the path to d. */
async function measured(topology: Topology, family: 4 | 6, faulty: readonly Faulty[], baseline?: string, drawn?: string): Promise<Event[]> {
  const network = opened(topology, 7);
  for (const { link, node, fault } of faulty) network.engine.fault(link, node, { ...NO_FAULT, ...fault });
  const destination = topology.nodes.find(({ name }) => name === 'd')!.loopback[family];
  const where = drawn === undefined ? { destination, numeric: true } : { topology: drawn };
  const options = { ...DEFAULTS, ...where, [family]: true, ...(baseline !== undefined && { baseline }) };
  const events: Event[] = [];
  const body = latencyCommand(options as unknown as LocateCommandOptions);
  await sessionOn(network, body, { event: (event) => void events.push(event), close: () => {} }, new AbortController().signal);
  return assertEvents(events.map((event) => JSON.stringify(event)));
}

const latencies = (events: readonly Event[]): LatencyEvent[] => events.filter((event): event is LatencyEvent => event.type === 'latency');
const exitOf = (events: readonly Event[]): number => events.find((event): event is EndEvent => event.type === 'end')!.exit;

const kept = (name: string, events: readonly Event[]): string => {
  const file = join(folder, name);
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return file;
};

/** The link between two routers that the path crosses, and which of its ends sends towards the target. */
function crossed(topology: Topology, family: 4 | 6, { from, to }: LatencyEvent): Omit<Faulty, 'fault'> {
  const nodeOf = (address: string): string | undefined =>
    topology.nodes.find(({ loopback }) => loopback[family] === address)?.name ??
    topology.links.flatMap(({ ends }) => ends).find(({ addresses }) => addresses[family] === address)?.node;
  const pair = [nodeOf(from), nodeOf(to)];
  const link = topology.links.find(({ ends }) => ends.every(({ node }) => pair.includes(node)))!;
  return { link: link.id, node: pair[0]! };
}

for (const family of [4, 6] as const) {
  test(`IPv${family}: a delay of 7 ms stands on its link, and on no other`, async () => {
    const topology = fixture('demo', `latency_${family}`);
    const clean = latencies(await measured(topology, family, []));
    assert.ok(clean.length > 2);
    for (const [at, link] of clean.entries()) {
      const slow = latencies(await measured(topology, family, [{ ...crossed(topology, family, link), fault: { delayMs: 7 } }]));
      for (const [place, { medianMs, leastMs }] of slow.entries()) {
        const more = place === at ? 7 : 0;
        for (const [now, before] of [
          [medianMs!, clean[place]!.medianMs!],
          [leastMs!, clean[place]!.leastMs!],
        ] as const) {
          assert.ok(now.low <= now.value && now.value <= now.high);
          assert.ok(Math.abs(now.value - before.value - more) < 0.05, `${place} of ${at}: ${now.value} after ${before.value}`);
        }
      }
    }
  });

  test(`IPv${family}: jitter is queueing that grew on its link alone, a fixed delay a longer way, and nothing is nothing`, async () => {
    const topology = fixture('demo', `latency_moved_${family}`);
    const before = await measured(topology, family, []);
    const file = kept(`before-${family}.jsonl`, before);
    const third = latencies(before)[2]!;
    const at = crossed(topology, family, third);
    const jitter = await measured(topology, family, [{ ...at, fault: { jitterMs: 10 } }], file);
    assert.equal(
      latencies(jitter)
        .filter(({ moved }) => moved !== 'same')
        .map(({ from, to, moved }) => [from, to, moved]),
      [[third.from, third.to, 'queueing']],
    );
    assert.is(exitOf(jitter), 1);
    const { grewMs } = latencies(jitter)[2]!;
    assert.ok(grewMs!.low > 0 && grewMs!.high < 10, JSON.stringify(grewMs)); // each waits up to 10, and for those before it
    const delayed = await measured(topology, family, [{ ...at, fault: { delayMs: 3 } }], file);
    assert.equal(
      latencies(delayed)
        .map(({ moved }) => moved)
        .filter((moved) => moved !== 'same'),
      ['way'],
    );
    const same = await measured(topology, family, [], file);
    assert.ok(latencies(same).every(({ moved }) => moved === 'same'));
    assert.is(exitOf(same), 0);
  });
}

for (const [name, family] of [
  ['demo', 4],
  ['asymmetric', 6],
] as const)
  test(`--topology ${name}, IPv${family}: every link has a row, each direction's delay of 7 ms stands in its own, and jitter is queueing that grew`, async () => {
    const topology = topologyOf(name);
    const before = await measured(topology, family, [], undefined, name);
    const clean = latencies(before);
    const file = kept(`drawn-${name}.jsonl`, before);
    assert.equal(
      clean.map(({ fromName, toName }) => [fromName, toName].toSorted().join('-')).toSorted(),
      topology.links.map(({ ends }) => [ends[0].node, ends[1].node].toSorted().join('-')).toSorted(),
    );
    for (const { id, ends } of topology.links)
      for (const { node, addresses } of ends) {
        const isIt = ({ from, to }: LatencyEvent): boolean => from === addresses[family] || to === addresses[family];
        const slow = await measured(topology, family, [{ link: id, node, fault: { delayMs: 7 } }], file, name);
        for (const link of latencies(slow)) {
          assert.is(link.moved, isIt(link) ? 'way' : 'same', `${node} of ${id}: ${JSON.stringify(link)}`);
          assert.ok(Math.abs(link.grewMs!.value - (isIt(link) ? 7 : 0)) < 0.05, `${node} of ${id}: ${JSON.stringify(link)}`);
        }
      }
    const { id, ends } = topology.links[2]!;
    const jitter = await measured(topology, family, [{ link: id, node: ends[0].node, fault: { jitterMs: 10 } }], file, name);
    assert.equal(
      latencies(jitter).flatMap(({ from, moved }) => (moved === 'same' ? [] : [[from, moved]])),
      [[ends[0].addresses[family], 'queueing']],
    );
    assert.is(exitOf(jitter), 1);
  });

test('--topology: a link that no probe is steered over has no row, and is told with the reason', async () => {
  const demo = topologyOf('demo');
  const deaf = { ...demo, nodes: demo.nodes.map((node) => (node.name === 'd' ? { ...node, decapsulates: false } : node)) };
  await withFile(deaf, async (file) => {
    const events = await measured(deaf, 4, [], undefined, file);
    assert.is(latencies(events).length, demo.links.length - 1);
    const note = events.find((event) => event.type === 'problem' && event.code === 'NOT_MEASURED');
    assert.ok(note !== undefined && 'message' in note);
    assert.match(note.message, /^Not measured: r5–d: d does not decapsulate/);
    assert.is(exitOf(events), 0);
  });
});

test('--topology: behind a dead link nothing is known, and before it all', async () => {
  const topology = topologyOf('line');
  const { id, ends } = topology.links[2]!;
  const events = await measured(topology, 4, [{ link: id, node: ends[0].node, fault: { blackhole: true } }], undefined, 'line');
  assert.equal(
    latencies(events).map(({ medianMs }) => medianMs !== null),
    [true, true, false],
  );
  assert.ok(events.some((event) => event.type === 'problem' && event.code === 'NOT_MEASURED' && /r3–d: behind r3/.test(event.message)));
});

test('where a queue makes neighbouring round trips alike, hops are asked on until their links are known', async () => {
  const topology = fixture('demo', 'latency_queue');
  const [first, second] = latencies(await measured(topology, 4, []));
  assert.is(first!.probes, 300);
  const at = crossed(topology, 4, second!);
  const found = latencies(await measured(topology, 4, [{ ...at, fault: { jitterMs: 400 } }]));
  assert.ok(
    found.every(({ medianMs }) => medianMs !== null),
    JSON.stringify(found),
  );
  assert.ok(found[0]!.probes > 300, `${found[0]!.probes}`);
});

test('a baseline of other links compares nothing, and one that is none is refused', async () => {
  const topology = fixture('demo', 'latency_other');
  const other = kept('other.jsonl', await measured(topology, 6, []));
  const events = await measured(topology, 4, [], other);
  assert.is(exitOf(events), 5);
  assert.ok(events.some((event) => event.type === 'problem' && event.code === 'NOTHING_COMPARED'));
  for (const content of ['', 'text\n', '{"type":"end"}\n', '{"type":"latency","leastMs":{},"medianMs":{}}\n']) {
    const file = join(folder, 'none.jsonl');
    writeFileSync(file, content);
    let message = '';
    await measured(topology, 4, [], file).catch((error: Error) => {
      message = error.message;
    });
    assert.match(message, /none\.jsonl/);
  }
});

test.run();
