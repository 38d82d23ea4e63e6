/** `braceroute capture`: our probes and their answers as they pass, or what any pcap filter lets through, a line a packet. */
import { once } from 'node:events';
import { setImmediate as eventLoop } from 'node:timers/promises';
import type { PacketRecord } from '../../capture/record.ts';
import { emptySlot, fillSlot } from '../../capture/slot.ts';
import { CAPTURE_FILTER } from '../../engine/live/filter.ts';
import { type Listening, listen } from '../../engine/live/listen.ts';
import { createNames, type Names } from '../../engine/live/live.ts';
import { createDump, type Dump, type Ring } from '../../engine/recording/dump.ts';
import { BeaconError, EXIT_OF } from '../../error.ts';
import { loadAddon, type NativeBatch } from '../../host/addon.ts';
import { markedBelow } from '../../report/decode-filter.ts';
import { DECODE_VERSION, jsonOf } from '../../report/decode-json.ts';
import { lineOf } from '../../report/decode-line.ts';
import { createDecoder } from '../../report/decoder.ts';
import { uint32 } from '../../wire/fields.ts';
import { LINK_TYPE } from '../../wire/link.ts';
import { cookedDirection, linkTypeName } from '../../wire/link-header.ts';
import { pcapMistake } from '../pcap-mistake.ts';
import { VERSION } from '../version.ts';

export interface CaptureOptions {
  readonly interface: string;
  readonly filter?: string;
  readonly write?: string;
  readonly ring?: Ring;
  readonly count?: number;
  readonly duration?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

const FLUSH_MS = 1000;
/** A busy capture still lets signals and timers run this often. */
const BREATH_MS = 10;
const LONGEST_WAIT_MS = 60_000;

/** Returns the exit code. Throws BeaconError. */
export async function capture(options: CaptureOptions, signal: AbortSignal): Promise<number> {
  const { interface: device, filter = CAPTURE_FILTER, write, ring = null } = options;
  if (ring !== null && write === undefined) throw new BeaconError('ERR_USAGE', '--ring is of files: give their name with --write FILE');
  if (options.filter !== undefined) refuseMistake(options.filter);
  const listening = await listen({ device, filter });
  try {
    const failing = new AbortController();
    const dump =
      write === undefined
        ? null
        : createDump(write, {
            application: `braceroute ${VERSION}`,
            filter,
            ring,
            counts: listening.counts,
            failing: () => failing.abort(),
          });
    say(`Listening on ${device} (${linkTypeName(listening.linkType)}): ${options.filter ?? 'probes and their answers'}`);
    const stop = AbortSignal.any([signal, failing.signal]);
    const taken = await each(listening, shower(options, dump), options, stop, dump);
    return told(taken, listening, dump, options, signal);
  } finally {
    await listening.close();
  }
}

const OF_DECODE = /\b(probe|path|run|hop|leg|age|number|kind|grade)\s*(==|!=)/;

/** What is wrong on every link; what is so on this one alone, libpcap says when it begins. */
function refuseMistake(filter: string): void {
  const mistake = pcapMistake(loadAddon(), filter);
  if (mistake === null || !mistake.what.includes('syntax error')) return;
  const { column, what } = mistake;
  const next = OF_DECODE.test(filter) ? 'probe==17 and its like are for braceroute decode' : 'see man pcap-filter';
  throw new BeaconError('ERR_USAGE', `--filter, column ${column}: libpcap says: ${what}; ${next}\n${markedBelow(filter, column)}`);
}

const say = (line: string): void => void process.stderr.write(`braceroute: ${line}\n`);

type Show = (packet: PacketRecord) => string;

interface Taken {
  readonly captured: number;
  /** Why no more came; null where it ended as it should. */
  readonly broken: BeaconError | null;
}

/** Takes packets until one of the limits. */
async function each(
  listening: Listening,
  show: Show,
  { interface: device, count = Number.POSITIVE_INFINITY, duration = Number.POSITIVE_INFINITY }: CaptureOptions,
  signal: AbortSignal,
  dump: Dump | null,
): Promise<Taken> {
  const records = recordsOf(device, listening.linkType);
  const untilMs = performance.now() + duration * 1000;
  const timer = dump === null ? null : setInterval(dump.flush, FLUSH_MS).unref();
  if (dump !== null) process.once('exit', dump.flush); // a second Ctrl-C and a closed pipe end us at once
  let breathedMs = performance.now();
  let captured = 0;
  const took = async (batch: NativeBatch): Promise<void> => {
    const packets = records(batch).slice(0, count - captured);
    captured += packets.length;
    await written(packets.map(show).join(''), signal);
  };
  const takeAll = async (): Promise<void> => {
    while (!signal.aborted && captured < count) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) break;
      const batch = await listening.next(Math.min(leftMs, LONGEST_WAIT_MS), signal);
      if (batch !== null) await took(batch);
      if (performance.now() - breathedMs < BREATH_MS) continue;
      await eventLoop();
      breathedMs = performance.now();
    }
    if (captured < count) for (const batch of await listening.rest()) await took(batch); // what came before the end
  };
  const broken = await takeAll().then(() => null, ours);
  if (timer !== null) clearInterval(timer);
  return { captured, broken };
}

function ours(error: unknown): BeaconError {
  if (error instanceof BeaconError) return error;
  throw error;
}

/** A slow reader must not fill our memory: the kernel's ring is the queue, and counts what it drops. */
async function written(text: string, signal: AbortSignal): Promise<void> {
  if (text === '' || process.stdout.write(text) || signal.aborted) return;
  await once(process.stdout, 'drain', { signal }).catch(() => {});
}

/** What each packet is shown as, with its line end; empty for nothing. */
function shower({ quiet = false, json = false }: CaptureOptions, dump: Dump | null): Show {
  const decoder = createDecoder();
  const slot = emptySlot();
  return (packet) => {
    dump?.packet(packet);
    if (quiet) return '';
    fillSlot(slot, packet);
    decoder.look(slot);
    return `${json ? jsonOf(slot, decoder.sight) : lineOf(slot, decoder.sight)}\n`;
  };
}

/** Linux cooked v2 names the interface and the direction of each packet. */
const COOKED = { interfaceAt: 4, typeAt: 10, length: 20 } as const;

function recordsOf(device: string, linkType: number): (batch: NativeBatch) => PacketRecord[] {
  const nameOf: Names = createNames(loadAddon());
  return ({ bytes, ends, lengths, times }) =>
    Array.from(ends, (end, index): PacketRecord => {
      const frame = bytes.subarray(ends[index - 1] ?? 0, end);
      const isCooked = linkType === LINK_TYPE.linuxCooked2 && frame.length >= COOKED.length;
      return {
        bytes: frame,
        linkType,
        timeNs: times[index]!,
        originalLength: lengths[index]!,
        interface: isCooked ? (nameOf(uint32(frame, COOKED.interfaceAt)) ?? device) : device,
        comment: null,
        direction: isCooked ? cookedDirection(frame[COOKED.typeAt]!) : null,
      };
    });
}

const packets = (count: number): string => (count === 1 ? '1 packet' : `${count} packets`);

/** The end, as tcpdump tells it, and what is in the files. */
function told({ captured, broken }: Taken, listening: Listening, dump: Dump | null, options: CaptureOptions, signal: AbortSignal): number {
  const { received, dropped } = listening.counts();
  dump?.close();
  const failure = dump?.failure() ?? null;
  const files = dump?.files() ?? [];
  const problem = failure === null ? broken : unsaved(failure, dump!);
  const exit = problem === null ? 0 : EXIT_OF[problem.code];
  if (options.json) {
    const [v, timeMs] = [DECODE_VERSION, Date.now()];
    const line = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
    line({ v, type: 'captured', timeMs, captured, received, dropped, files });
    if (problem !== null) line({ v, type: 'problem', timeMs, code: problem.code, message: problem.message });
    line({ v, type: 'end', timeMs, reached: null, interrupted: signal.aborted, exit });
    return exit;
  }
  const lines = [`${packets(captured)} captured`, `${packets(received)} received by filter`, `${packets(dropped)} dropped by kernel`];
  if (dump !== null && failure === null) lines.push(`${packets(dump.written())} written to ${files.join(', ')}`);
  process.stderr.write(`${lines.join('\n')}\n`);
  if (problem !== null) say(problem.message);
  return exit;
}

const unsaved = ({ code, message }: BeaconError, dump: Dump): BeaconError =>
  new BeaconError(code, `${message}; ${dump.saved()} bytes of whole packets are saved in ${dump.files().at(-1)}`);
