/** A spray through a simulated network: one packet after the other, each at its instant of virtual time. */
import { BeaconError } from '../../error.ts';
import { LINK_TYPE } from '../../wire/link.ts';
import type { Packet } from '../engine.ts';
import { FLOW_LOSS_RUNS, type SprayCells, type SprayCounters, type Spraying, type SprayJob, type SprayTemplate } from '../spray.ts';
import { patched } from '../spray-patch.ts';
import { cellOf, isSprayed, SEQUENCES } from '../spray-sequence.ts';
import { createErrorEar } from './spray-errors.ts';
import { createBook, type LossRuns } from './spray-match.ts';
import type { World } from './world.ts';

/** What "as many as there can be" is where nothing limits them. */
const MOST_PER_SECOND = 1_000_000;

export interface SprayPorts {
  /** Sends one packet by the job's route, now. */
  readonly leave: (packet: Uint8Array) => void;
  /** Lets virtual time pass, and gives what came home meanwhile and is no landing. */
  readonly pass: (untilNs: bigint) => Promise<readonly Packet[]>;
}

export function simulatedSpray(world: World, job: SprayJob, { leave, pass }: SprayPorts): Spraying {
  for (const [option, wanted] of [
    ['--sender', job.sender],
    ['--matcher', job.matcher],
  ] as const) {
    if (wanted !== 'auto')
      throw new BeaconError('ERR_USAGE', `${option} ${wanted} is of the live engine: a simulated network has neither, leave it out`);
  }
  const templates: readonly SprayTemplate[] = Array.from({ length: job.templates }, (_, index) => job.template(index));
  const order = { idKey: job.run.idKey, templates: job.templates, flows: job.flows };
  const startNs = world.nowNs;
  const endNs = job.pace.durationNs === null ? Number.POSITIVE_INFINITY : startNs + job.pace.durationNs;
  const nowNs = (): bigint => world.startNs + BigInt(Math.floor(world.nowNs));
  let dueNs = ramped(job, startNs);
  let inPace = 0; // sent since the pace was set
  let [next, sent, finished] = [firstFrom(0), 0, false];
  const book = createBook(job, () => next);
  const ear = createErrorEar(job);
  let runs: LossRuns | null = null;

  function firstFrom(sequence: number): number {
    let at = sequence;
    while (!isSprayed(job.run.idKey, at)) at += 1;
    return at;
  }

  function lossRuns(): LossRuns {
    if (!finished) return NO_RUNS;
    runs ??= book.lossRuns(next);
    return runs;
  }

  function sendOne(): void {
    if (finished) return;
    const [sequence, cell] = [next, cellOf(next, order)];
    const flow = Math.floor(cell / job.templates);
    next = firstFrom(sequence + 1);
    sent += 1;
    inPace += 1;
    leave(patched(templates[cell % job.templates]!, job, cell, flow, sequence, nowNs()));
    if (sent === job.pace.count || next >= SEQUENCES) finished = true;
    else enter();
  }

  /** Where the pace changes, what was entered for the old one comes to nothing. */
  function enter(): void {
    const [atNs, pace] = [Math.max(world.nowNs, Math.round(dueNs(inPace))), dueNs];
    if (atNs >= endNs) world.agenda.enter({ atNs: endNs, kind: 'act', act: () => (finished = true) });
    else world.agenda.enter({ atNs, kind: 'act', act: () => (pace === dueNs ? sendOne() : undefined) });
  }

  world.matcher = (_family, packet) => {
    const isOurs = book.match(packet, nowNs());
    if (isOurs) job.sample?.home({ bytes: packet.slice(), linkType: LINK_TYPE.raw, timeNs: nowNs() });
    return isOurs;
  };
  enter();
  const counters = (): SprayCounters => ({
    next,
    sent,
    refused: 0,
    ...book.totals,
    drops: 0,
    behindNs: 0,
    finished,
    error: null,
  });
  return {
    sender: 'simulated',
    matcher: 'simulated',
    why: [],
    counters,
    cells: (from, into) => readCells(book.cells, from, into),
    histogramOf: (template) => template,
    histogram: (number) => book.histograms[number]!,
    flowHistogram: (template, flow) => book.flowHistograms[flow * job.templates + template] ?? null,
    lossRuns: (template) => lossRuns().template(template),
    flowLossRuns: (template, flow) =>
      job.templates * job.flows > FLOW_LOSS_RUNS ? null : lossRuns().cell(flow * job.templates + template),
    pace(perSecond) {
      const gapNs = 1e9 / (perSecond ?? MOST_PER_SECOND);
      const setNs = world.nowNs;
      inPace = 0;
      dueNs = (count) => setNs + (count + 1) * gapNs;
      if (!finished) enter();
    },
    stop() {
      finished = true;
    },
    errors: ear.errors,
    async wait(untilNs) {
      for (const packet of await pass(untilNs)) ear.hear(packet);
    },
    async decided() {},
    async close() {
      finished = true;
      world.matcher = null;
    },
  };
}

const NO_RUNS: LossRuns = { template: () => [], cell: () => [] };

/** When packet `count` is due: the rate grows evenly from 0, so half as many go in the ramp as would at full rate. */
function ramped({ pace: { perSecond, rampNs } }: SprayJob, startNs: number): (count: number) => number {
  const perNs = (perSecond ?? MOST_PER_SECOND) / 1e9;
  const inRamp = (perNs * rampNs) / 2;
  return (count) => startNs + (count < inRamp ? Math.sqrt((2 * count * rampNs) / perNs) : rampNs + (count - inRamp) / perNs);
}

function readCells(all: SprayCells, from: number, into: SprayCells): void {
  for (const name of ['received', 'duplicates', 'reordered', 'corrupted'] as const) {
    into[name].set(all[name].subarray(from, from + into[name].length));
  }
}
