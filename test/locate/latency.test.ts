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

const folder = mkdtempSync(join(tmpdir(), 'latency-'));
test.after(() => rmSync(folder, { recursive: true }));

interface Faulty {
  readonly link: string;
  readonly node: string;
  readonly fault: Partial<Fault>;
}

async function measured(topology: Topology, family: 4 | 6, faulty: readonly Faulty[], baseline?: string): Promise<Event[]> {
  const network = opened(topology, 7);
  for (const { link, node, fault } of faulty) network.engine.fault(link, node, { ...NO_FAULT, ...fault });
  const destination = topology.nodes.find(({ name }) => name === 'd')!.loopback[family];
  const options = { ...DEFAULTS, destination, numeric: true, [family]: true, ...(baseline !== undefined && { baseline }) };
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
