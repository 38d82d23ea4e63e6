/**
 * The engine of a recording: what is sent is looked up in it, its stamp becomes the time, and what was received after it is handed out
 * when the clock gets there. It matches no answers: that is done by the code that is replayed, as in the run itself.
 */
import { setImmediate as eventLoop, setTimeout as sleep } from 'node:timers/promises';
import { BeaconError, type ErrorCode, EXIT_OF } from '../../error.ts';
import type { Address } from '../../wire/address.ts';
import type { Disturbance, Engine, Notice, Packet, Route, Sent } from '../engine.ts';
import type { Failure, Message } from '../recording/message.ts';
import { createLate } from './late.ts';
import type { Recorded } from './recorded.ts';
import { isSame, sequenceOf, shapeOf } from './shape.ts';
import { replayedSpray } from './spraying.ts';
import { openTape, packetOf, type SentItem } from './tape.ts';

export interface ReplayOptions {
  /** As fast as the run itself was, in place of as fast as it goes. */
  readonly inRealTime?: boolean;
  /** How long after the end of a torn recording its last probes are still waited for; 3 s where left out. */
  readonly patienceNs?: bigint;
}

export interface Replay extends Engine {
  /** Aborts where the run was interrupted, or where a torn recording has told all that it can. */
  readonly ended: AbortSignal;
  /** Something of the run cannot be known from this recording. */
  isIncomplete(): boolean;
}

/** Probes in another order than the recorded are looked for so far ahead: no more than a trace's gap. */
const AHEAD_NS = 25_000_000n;
const MOST_AHEAD = 64;
/** Waiting that needs no waiting still lets signals and timers run, once in so many calls. */
const BREATH = 512;

export function replay(recorded: Recorded, { inRealTime = false, patienceNs = 3_000_000_000n }: ReplayOptions = {}): Replay {
  const { plan, isWhole, lastNs } = recorded;
  const tape = openTape(recorded.path, plan?.run.number ?? null);
  const startNs = plan?.startNs ?? firstNs();
  const late = createLate();
  const ending = new AbortController();
  const routes = new Map<Address, Route>();
  const beganMs = performance.now();
  let clockNs = startNs;
  let last: Sent = { timeNs: startNs };
  let released: readonly Packet[] = [];
  let disturbances: readonly Disturbance[] = [];
  let [dropped, unrecorded, calls] = [0, 0, 0];
  let sentFrom = 0; // none before this one, counted from the recording's begin, is still to be sent
  let closed = false;

  function firstNs(): bigint {
    const first = tape.peek(0);
    return first?.kind === 'sent' ? first.timeNs : first?.kind === 'received' ? first.packet.timeNs : 0n;
  }

  async function route(destination: Address): Promise<Route> {
    open('route()');
    const asked = recorded.routes.get(destination) ?? [];
    const found = asked.findLast(({ atNs }) => startNs + BigInt(atNs) <= clockNs) ?? asked[0];
    if (found === undefined)
      throw new BeaconError('ERR_NO_ROUTE', `The recording ${recorded.path} does not tell the way to ${destination}`);
    if ('error' in found) throw thrown(found.error);
    const known = routes.get(destination);
    const same = known !== undefined && known.mtu === found.route.mtu && known.interface === found.route.interface;
    routes.set(destination, same ? known : found.route);
    return same ? known : found.route;
  }

  function send(by: Route, packets: readonly Uint8Array[]): number {
    open('send()');
    let taken = 0;
    for (const packet of packets) {
      if (packet.length > by.mtu)
        throw new BeaconError(
          'ERR_MTU',
          `A packet of ${packet.length} bytes to ${by.destination} is above the first link's MTU of ${by.mtu}: send at most that`,
        );
      if (isRefused()) break;
      const found = find(packet);
      if (found === null && !isWhole && nextSent(0) === null) break; // nothing is known from here on
      if (found !== null) take(found);
      else {
        unrecorded += 1;
        last = { timeNs: clockNs, sequence: null };
      }
      taken += 1;
    }
    return taken;
  }

  function take(found: SentItem): void {
    found.isTaken = true;
    if (found.timeNs > clockNs) clockNs = found.timeNs;
    const sequence = sequenceOf(found.bytes, found.at);
    last = sequence === null ? { timeNs: found.timeNs } : { timeNs: found.timeNs, sequence };
    if (found.isLate) released = [...released, ...late.take(found)];
  }

  /** What the engine of the run did not take, this one does not take either. */
  function isRefused(): boolean {
    absorb();
    const item = tape.peek(0);
    if (item?.kind !== 'message' || item.message.kind !== 'refused') return false;
    tape.shift();
    if (item.message.error !== null) throw thrown(item.message.error);
    return true;
  }

  /** The recorded packet that this is: the next, one that was passed over, or one that is only a little ahead; null: none. */
  function find(packet: Uint8Array): SentItem | null {
    const at = nextSent(0);
    const next = at === null ? null : (tape.peek(at) as SentItem);
    if (next !== null && isSame(packet, next.bytes, next.at, next.end)) return next;
    const shape = shapeOf(packet);
    return late.find(shape) ?? (at === null ? null : ahead(shape, at));
  }

  function ahead(shape: string, from: number): SentItem | null {
    const first = tape.peek(from) as SentItem;
    const latestNs = (first.timeNs > clockNs ? first.timeNs : clockNs) + AHEAD_NS;
    const passed: SentItem[] = [];
    for (let at: number | null = from; at !== null && passed.length < MOST_AHEAD; at = nextSent(at + 1)) {
      const item = tape.peek(at) as SentItem;
      if (item.timeNs > latestNs) return null;
      if (shapeOf(packetOf(item)) === shape) {
        for (const one of passed) late.add(one);
        return item;
      }
      passed.push(item);
    }
    return null;
  }

  /** The place of the next packet that was sent in the run and is not yet sent here; null where there is none. */
  function nextSent(from: number): number | null {
    const first = Math.max(from, 0, sentFrom - tape.done());
    for (let at = first; ; at += 1) {
      const item = tape.peek(at);
      const isNext = item?.kind === 'sent' && !item.isTaken && !item.isLate;
      if (from === 0 && (item === null || isNext)) sentFrom = tape.done() + at;
      if (item === null) return null;
      if (isNext) return at;
    }
  }

  async function receive(askedNs: bigint): Promise<readonly Packet[]> {
    open('receive()');
    calls += 1;
    if (calls % BREATH === 0) await eventLoop();
    const untilNs = askedNs > clockNs ? askedNs : clockNs;
    const packets = released.length > 0 ? released : dueBy(untilNs);
    released = [];
    if (packets.length === 0) clockNs = untilNs;
    for (const { timeNs } of packets) if (timeNs > clockNs) clockNs = timeNs;
    if (!isWhole && tape.peek(0) === null && clockNs >= (lastNs ?? startNs) + patienceNs) ending.abort();
    if (inRealTime) await caughtUp();
    return packets;
  }

  function dueBy(untilNs: bigint): readonly Packet[] {
    const packets: Packet[] = [];
    for (let item = tape.peek(0); item !== null; item = tape.peek(0)) {
      if (item.kind === 'message') {
        if (!passes(item.message, untilNs, packets.length > 0)) break;
      } else if (item.kind === 'sent') {
        if (!item.isTaken && !item.isLate) {
          if (packets.length > 0 || item.timeNs >= untilNs) break;
          late.add(item); // it should have gone by now
        }
      } else {
        if (item.packet.timeNs > untilNs) break;
        if (!late.holds(item.packet)) packets.push(item.packet);
      }
      tape.shift();
    }
    return packets;
  }

  /** True where what follows the message may be handed out too. */
  function passes(message: Message, untilNs: bigint, any: boolean): boolean {
    if (message.kind === 'batch') return !any && timeOf(message.atNs) <= clockNs;
    if (OF_A_SPRAY.has(message.kind)) return false;
    if (message.kind === 'interrupted') {
      if (timeOf(message.atNs) > untilNs) return false;
      ending.abort();
    } else if (message.kind === 'failed') {
      if (any) return false;
      tape.shift();
      throw thrown(message.error);
    } else heed(message);
    return true;
  }

  const timeOf = (atNs: number): bigint => startNs + BigInt(atNs);

  /** A spray is a row of messages; its packets are for others to read. */
  function nextOf<Kind extends Message['kind']>(kind: Kind): Extract<Message, { kind: Kind }> | null {
    for (let item = tape.peek(0); item !== null; item = tape.peek(0)) {
      const message = item.kind === 'message' ? item.message : null;
      if (message?.kind === 'sprayed' && kind !== 'sprayed') return null;
      tape.shift();
      if (message?.kind === kind) return message as Extract<Message, { kind: Kind }>;
      if (message?.kind === 'interrupted') ending.abort();
      else if (message !== null) heed(message);
    }
    return null;
  }

  function brokenOff(untilNs: bigint | null): void {
    if (untilNs !== null && untilNs > clockNs) clockNs = untilNs;
    ending.abort();
  }

  async function moveTo(atNs: number): Promise<void> {
    if (timeOf(atNs) > clockNs) clockNs = timeOf(atNs);
    if (inRealTime) await caughtUp();
    else await eventLoop();
  }

  function heed(message: Message): void {
    if (message.kind === 'drops') dropped = message.dropped;
    if (message.kind === 'disturbances') disturbances = message.disturbances;
  }

  /** Takes what the run was told between two packets, as far as the clock has come. */
  function absorb(): void {
    for (let item = tape.peek(0); item?.kind === 'message' && isAside(item.message); item = tape.peek(0)) {
      heed(item.message);
      tape.shift();
    }
  }

  const isAside = (message: Message): boolean =>
    message.kind === 'drops' || message.kind === 'disturbances' ? timeOf(message.atNs) <= clockNs : !IN_TURN.has(message.kind);

  /** Waits until the time that has passed in the run has passed here. */
  async function caughtUp(): Promise<void> {
    const aheadMs = Number(clockNs - startNs) / 1e6 - (performance.now() - beganMs);
    if (aheadMs > 1) await sleep(aheadMs);
  }

  function open(what: string): void {
    if (closed) throw new BeaconError('ERR_ENGINE', `${what} after close(): make a new engine`);
  }

  /** Probes of the recording that nobody sent here. */
  function unsent(): number {
    let count = late.count();
    for (let at = nextSent(0); at !== null; at = nextSent(0)) {
      count += 1;
      while (at-- >= 0) tape.shift();
    }
    return count;
  }

  function notices(): readonly Notice[] {
    const left = closed || ending.signal.aborted ? late.count() : unsent();
    return [...recorded.notices, ...(isWhole ? [] : [torn(recorded)]), ...unlike(unrecorded, left)];
  }

  async function close(): Promise<void> {
    closed = true;
    tape.close();
  }

  return {
    name: 'replay',
    can: { realTime: plan?.realTime ?? true, countDrops: plan?.countDrops ?? false },
    nowNs: () => clockNs,
    route,
    send,
    lastSent: () => last,
    receive,
    spray: (job) => replayedSpray(job, { path: recorded.path, next: nextOf, moveTo, ends: brokenOff }),
    drops() {
      absorb();
      return dropped;
    },
    disturbances() {
      absorb();
      return isWhole ? disturbances : [...disturbances, { ...torn(recorded), fromNs: lastNs ?? startNs, untilNs: null }];
    },
    notices,
    ended: ending.signal,
    isIncomplete: () => !isWhole || unrecorded > 0,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const OF_A_SPRAY: ReadonlySet<Message['kind']> = new Set([
  'template',
  'spray',
  'epoch',
  'cells',
  'histogram',
  'flowHistogram',
  'lossRuns',
  'flowLossRuns',
  'errors',
  'sprayed',
]);

/** Messages that stand where they stand among the packets. */
const IN_TURN: ReadonlySet<Message['kind']> = new Set([...(['batch', 'refused', 'failed', 'interrupted'] as const), ...OF_A_SPRAY]);

const thrown = ({ code, message }: Failure): Error => (code in EXIT_OF ? new BeaconError(code as ErrorCode, message) : new Error(message));

function torn({ path, damage, lastNs }: Recorded): Notice {
  const at = lastNs === null ? 'before its first packet' : `at ${new Date(Number(lastNs / 1_000_000n)).toISOString().slice(11, 23)} UTC`;
  const why = damage === null ? 'the run went on' : `offset ${damage.offset}: ${damage.reason}`;
  return { code: 'RECORDING_ENDS', message: `${path} ends ${at} (${why}): what came after is unknown, not lost` };
}

const probes = (count: number): string => (count === 1 ? '1 probe was' : `${count} probes were`);

function unlike(unrecorded: number, unsent: number): Notice[] {
  const parts = [
    unrecorded === 0
      ? ''
      : `${probes(unrecorded)} asked that the recording does not hold: what became of ${unrecorded === 1 ? 'it' : 'them'} is unknown`,
    unsent === 0 ? '' : `${unsent === 1 ? '1 probe of the recording was' : `${unsent} probes of the recording were`} not asked again`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? [] : [{ code: 'NOT_RECORDED', message: `The replay is not the run: ${parts.join('; ')}` }];
}
