/** A matcher in a process of its own, so that it can be in a namespace and be killed: a question a line, an answer a line. */
import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { type Evidence, kindOf, openEvidence, RECORD_WORDS } from '../../src/engine/live/evidence.ts';
import { type Matcher, openMatcher } from '../../src/engine/live/spray-matcher.ts';
import type { LossRun } from '../../src/engine/spray.ts';
import { loadAddon } from '../../src/host/addon.ts';
import { interfaces } from '../../src/host/interface.ts';
import { loadMatcherAddon } from '../../src/host/spray-addon.ts';
import { sipKey } from '../../src/wire/siphash.ts';
import type { Answers, Questions } from './matcher-process.ts';

let matcher: Matcher | null = null;
let evidence: Evidence | null = null;
let datagrams = 0;
const kinds: Record<number, number> = {};
const firsts: Record<number, number[]> = {};
const addon = loadAddon();

const columns = (length: number) => {
  const column = (): Float64Array => new Float64Array(length);
  return {
    received: column(),
    duplicates: column(),
    reordered: column(),
    corrupted: column(),
    leastNs: column(),
    mostNs: column(),
  };
};

const pairs = (runs: readonly LossRun[]): number[] => runs.flatMap(({ length, times }) => [length, times]);

const answers: { [Name in keyof Questions]: (question: Questions[Name]) => Answers[Name] | Promise<Answers[Name]> } = {
  open({ key, device, ...job }) {
    const index = interfaces(addon).find(({ name }) => name === device)!.index;
    const run = { number: job.run, idKey: job.idKey, key: sipKey(Uint8Array.from(key)) };
    const devices = [{ name: device, index, hasLinkHeader: true }];
    matcher = openMatcher({ ...job, run, interfaces: devices, realtimeAheadNs: Number(addon.realtimeAheadNs()) });
    return matcher.places();
  },
  evidence({ key, ...job }) {
    const run = { number: job.run, idKey: 0, key: sipKey(Uint8Array.from(key)) };
    const reading = openEvidence({ ...job, run }, () =>
      reading.read((words, at) => {
        const kind = kindOf(words, at);
        kinds[kind] = (kinds[kind] ?? 0) + 1;
        firsts[kind] ??= [...words.subarray(at, at + RECORD_WORDS)];
      }),
    );
    evidence = reading;
    return null;
  },
  listen: ({ port, address }) =>
    new Promise((resolve) => {
      const socket = createSocket('udp4');
      socket.on('message', () => {
        datagrams += 1;
      });
      socket.bind(port, address, () => resolve(null));
    }),
  totals: () => ({ ...matcher!.totals(), datagrams, cpuMs: process.cpuUsage().user / 1000 }),
  datagrams: () => ({ datagrams }),
  records: () => ({ ...evidence!.counts(), kinds, firsts }),
  cells({ count }) {
    const into = columns(count);
    matcher!.cells(0, into);
    return Object.fromEntries(Object.entries(into).map(([name, column]) => [name, [...column]])) as Answers['cells'];
  },
  flowSums: ({ templates, flows }) =>
    Array.from({ length: templates * flows }, (_, cell) =>
      matcher!.flowHistogram(cell % templates, Math.floor(cell / templates))!.reduce((sum, count) => sum + count, 0),
    ),
  histograms: ({ templates }) => Array.from({ length: templates }, (_, template) => [...matcher!.histogram(matcher!.slotOf(template))]),
  lossRuns: ({ templates }) => Array.from({ length: templates }, (_, template) => pairs(matcher!.lossRuns(template))),
  flowLossRuns: ({ templates, flows }) =>
    Array.from({ length: templates * flows }, (_, cell) => pairs(matcher!.flowLossRuns(cell % templates, Math.floor(cell / templates))!)),
  settle({ end, last }) {
    matcher!.settle(end, last);
    return null;
  },
  leftovers: () => loadMatcherAddon().matcherLeftovers(),
  close() {
    matcher?.close();
    evidence?.close();
    return null;
  },
};

for await (const line of createInterface(process.stdin)) {
  const [name, question] = JSON.parse(line) as [keyof Questions, never];
  try {
    console.log(JSON.stringify({ answer: await answers[name](question) }));
  } catch (error) {
    console.log(JSON.stringify({ error: (error as Error).message }));
  }
}
process.exit();
