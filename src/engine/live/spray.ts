/** A spray on the real network: which sender and matcher, and one door over both. All that is done per packet is native. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconError } from '../../error.ts';
import type { Interface } from '../../host/interface.ts';
import { moveTogether } from '../../host/spare-memory.ts';
import { type NativeSender, SEND_OBJECT, type SenderAddon } from '../../host/spray-native.ts';
import type { MatcherName, SenderName, SprayCells, SprayCounters, Spraying, SprayJob } from '../spray.ts';
import { inPacketOrder, layOut } from './spray-layout.ts';
import { type Matcher, type MatcherInterface, openMatcher } from './spray-matcher.ts';
import type { SprayTap } from './spray-tap.ts';

/** What the engine knows of the machine. */
export interface SprayHost {
  readonly addon: SenderAddon;
  /** That packets leave by. */
  readonly device: Interface;
  /** That answers may come in by. */
  readonly devices: readonly MatcherInterface[];
  readonly linkHeader: (etherType: number) => Uint8Array;
  readonly realtimeAheadNs: number;
  readonly driver: string;
  /** Packets that the devices dropped on their way in, since it was asked first. */
  readonly receiveDrops: () => number;
  /** Looks at clock and devices. */
  readonly look: () => void;
  readonly nowNs: () => bigint;
  /** Hears errors, and landings for whoever records. */
  readonly tap: SprayTap;
}

interface Chosen {
  readonly sender: NativeSender;
  readonly senderName: SenderName;
  readonly matcher: Matcher;
  readonly matcherName: MatcherName;
  readonly why: readonly string[];
}

/** The fastest first. */
const SENDERS: readonly SenderName[] = ['live', 'afxdp', 'sendmmsg', 'inject'];
/** What goes well with a sender; where it cannot be had, the next. */
const MATCHERS_OF: Readonly<Record<SenderName, readonly MatcherName[]>> = {
  live: ['xdp', 'tc', 'pcap'],
  afxdp: ['tc', 'pcap'],
  sendmmsg: ['tc', 'pcap'],
  inject: ['tc', 'pcap'],
};
const MANY_TEMPLATES = 10_000;
/** Their drivers count what XDP takes among the drops of the device. */
const COUNT_TAKEN: ReadonlySet<string> = new Set(['virtio_net', 'tun']);
const LEAST_RING = 2 ** 24;
const MOST_RING = 2 ** 28;
/** No sender is faster. */
const FASTEST = 15_000_000;
/** A probe that is due this much later is settled: its answer may wait in a queue. */
const SETTLE_NS = 200_000_000;
const SETTLED_MS = 2000;

export async function liveSpray(host: SprayHost, job: SprayJob): Promise<Spraying> {
  const chosen = choose(host, job);
  const { sender, matcher } = chosen;
  const history: { readonly atNs: bigint; readonly next: number }[] = [];
  let isClosed = false;

  /** The matcher first: what it counts was sent by then. */
  function counters(): SprayCounters {
    const totals = matcher.totals();
    const { received, reordered, duplicates, corrupted, late, beyond, otherRun, dropped, settled, missing } = totals;
    const { next, taken, refused, givenUpNs, deviceDrops, isFinished, error } = sender.counters();
    const drops = deviceDrops === null ? null : deviceDrops + (dropped ?? 0) + beyond + receiveDrops(host, chosen, totals);
    const counts = { received, reordered, duplicates, corrupted, late, foreign: otherRun, settled: { below: settled, missing } };
    return { next, sent: taken, refused, ...counts, drops, behindNs: givenUpNs, finished: isFinished, error: error?.message ?? null };
  }

  function settle(): void {
    const nowNs = host.nowNs();
    history.push({ atNs: nowNs, next: sender.counters().next });
    const oldNs = nowNs - BigInt(job.timeoutNs + SETTLE_NS);
    const due = history.findLastIndex(({ atNs }) => atNs <= oldNs);
    if (due < 0) return;
    matcher.settle(history[due]!.next, false);
    history.splice(0, due);
  }

  async function close(): Promise<void> {
    if (isClosed) return;
    isClosed = true;
    sender.close();
    matcher.close();
    await host.tap.close();
  }

  try {
    sender.start();
  } catch (error) {
    await close();
    throw refused(error);
  }
  return {
    sender: chosen.senderName,
    matcher: `${chosen.matcherName} (${matcher.places().join(', ')})`,
    why: chosen.why,
    counters,
    cells: (from, into) => matcher.cells(from, into satisfies SprayCells),
    histogramOf: (template) => matcher.slotOf(template),
    histogram: (slot) => matcher.histogram(slot),
    wholeHistogram: () => matcher.wholeHistogram(),
    flowHistogram: (template, flow) => matcher.flowHistogram(template, flow),
    lossRuns: (template) => matcher.lossRuns(template),
    flowLossRuns: (template, flow) => matcher.flowLossRuns(template, flow),
    errors: host.tap.errors,
    pace: (perSecond) => sender.pace(perSecond),
    stop: () => sender.stop(),
    async wait(untilNs) {
      await sleep(Math.max(0, Number(untilNs - host.nowNs()) / 1e6));
      host.look();
      host.tap.look();
      settle();
    },
    async decided() {
      sender.close(); // what the templates took is free for the tally; its counters stay
      const { next } = sender.counters();
      matcher.settle(next, true);
      for (let waited = 0; waited < SETTLED_MS && matcher.totals().settled < next; waited += 10) await sleep(10);
    },
    close,
  };
}

/** What the devices dropped on their way in; the matcher's own takings are none. */
function receiveDrops({ driver, receiveDrops: counted }: SprayHost, { matcher }: Chosen, totals: ReturnType<Matcher['totals']>): number {
  if (!COUNT_TAKEN.has(driver) || !matcher.places().some((place) => place.endsWith('XDP, native'))) return counted();
  const { received, duplicates, corrupted, late, beyond } = totals;
  return Math.max(0, counted() - received - duplicates - corrupted - late - beyond);
}

/** Throws ERR_USAGE for a way that was named and cannot be had, with the reason; ERR_ENGINE where there is none at all. */
function choose(host: SprayHost, job: SprayJob): Chosen {
  const why: string[] = [];
  const senders = job.sender === 'auto' ? SENDERS : [job.sender];
  for (const senderName of senders) {
    const against = job.sender === 'auto' ? whyNot(host, senderName) : null;
    if (against !== null) {
      why.push(`Not ${senderName}: ${against}.`);
      continue;
    }
    const matchers =
      job.matcher === 'auto' ? MATCHERS_OF[senderName].filter((one) => one !== 'xdp' || job.sample === undefined) : [job.matcher];
    let counting: ReturnType<typeof matched> | null = null;
    let sender: NativeSender;
    try {
      if (senderName === 'live' && host.driver !== 'veth') counting = matched(host, job, matchers); // with XDP comes XDP transmit
      sender = openSender(host, job, senderName); // before the matcher: templates that a kernel has taken make room for its counters
    } catch (error) {
      counting?.matcher.close();
      if (job.sender !== 'auto') throw refused(error, `--sender ${senderName}`);
      why.push(`Not ${senderName}: ${(error as Error).message}.`);
      continue;
    }
    try {
      counting ??= matched(host, job, matchers);
      return { sender, senderName, ...counting, why: [...why, ...counting.why] };
    } catch (error) {
      sender.close();
      throw error;
    }
  }
  throw new BeaconError('ERR_ENGINE', `Nothing can send at rate here. ${why.join(' ')}`);
}

/** Why `auto` leaves a sender out. On anything but a veth it never tries what changes the device. */
function whyNot({ addon, device, driver }: SprayHost, sender: SenderName): string | null {
  if (sender !== 'live' && sender !== 'afxdp') return null;
  if (driver === 'veth') return addon.sprayFeatures(device.name, 0, SEND_OBJECT, true)[sender] ?? null;
  return `on ${device.name} (${driver || 'a driver without a name'}) ${BY_NAME[sender]}`;
}

/** What a sender does to a device, for whoever may name it. */
const BY_NAME = {
  live: 'it needs an XDP program, and attaching one may reset its queues or its link: --sender live does it',
  afxdp: 'only --sender afxdp does it: it attaches nothing, but goes past the queueing of the device',
} as const;

function openSender({ addon, device, linkHeader, realtimeAheadNs }: SprayHost, job: SprayJob, sender: SenderName): NativeSender {
  const { run, tag, pace } = job;
  const layout = layOut(job.templates, job.template, linkHeader);
  if (job.templates > MANY_TEMPLATES) moveTogether(); // what they were made of makes room for the matcher's counters
  return new addon.SpraySender({
    sender,
    interface: device.name,
    queue: 0,
    object: SEND_OBJECT,
    ...layout,
    consumes: true,
    values: inPacketOrder(job.values),
    run: run.number,
    idKey: run.idKey,
    key: run.key,
    tag,
    realtimeAheadNs,
    ...pace,
  });
}

function matched(host: SprayHost, job: SprayJob, names: readonly MatcherName[]): Pick<Chosen, 'matcher' | 'matcherName' | 'why'> {
  const { device, devices, realtimeAheadNs } = host;
  const why: string[] = [];
  const undecided = ((job.pace.perSecond ?? FASTEST) * (job.timeoutNs + 2 * SETTLE_NS)) / 1e9;
  const ring = Math.min(MOST_RING, Math.max(LEAST_RING, 2 ** Math.ceil(Math.log2(undecided))));
  for (const matcherName of names) {
    // nobody asked to change the other devices
    const interfaces = matcherName === 'xdp' ? devices.filter(({ index }) => index === device.index) : devices;
    try {
      return { matcher: openMatcher({ ...job, matcher: matcherName, interfaces, realtimeAheadNs, ring }), matcherName, why };
    } catch (error) {
      if (names.length === 1) throw error;
      why.push(`Not matched by ${matcherName}: ${(error as Error).message}.`);
    }
  }
  throw new BeaconError('ERR_ENGINE', `Nothing can count what comes home here. ${why.join(' ')}`);
}

/** What a way says against itself, as an error that a user can act on. */
function refused(error: unknown, asked?: string): BeaconError {
  if (error instanceof BeaconError) return error;
  const { message, code } = error as Error & { readonly code?: string };
  if (error instanceof RangeError || code === undefined) throw error; // a bug of ours
  if (code === 'EPERM' || code === 'EACCES')
    return new BeaconError('ERR_PRIVILEGE', `${asked ?? 'The spray'} is not allowed: ${message}; run it as root`, { cause: error });
  return new BeaconError(asked === undefined ? 'ERR_ENGINE' : 'ERR_USAGE', `${asked ?? 'The spray'} cannot be had here: ${message}`, {
    cause: error,
  });
}
