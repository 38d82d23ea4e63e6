/** `braceroute decode FILE`: what stands in a recording, packet by packet. */
import { eachPacket } from '../../capture/capture.ts';
import type { BesidePacket } from '../../capture/format.ts';
import type { Damage } from '../../capture/record.ts';
import type { PacketSlot } from '../../capture/slot.ts';
import { BeaconError, EXIT_OF } from '../../error.ts';
import { createFates, type Fates } from '../../report/decode-fates.ts';
import { type Filter, parseFilter } from '../../report/decode-filter.ts';
import { DECODE_VERSION, putJson } from '../../report/decode-json.ts';
import { createLife, type Life } from '../../report/decode-life.ts';
import { lineOf } from '../../report/decode-line.ts';
import { treeOf } from '../../report/decode-tree.ts';
import { createDecoder, type Decoder } from '../../report/decoder.ts';
import { linkTypeName } from '../../wire/link-header.ts';
import { chunksOf } from '../capture-file.ts';
import { type PagedOutput, pagedOutput } from '../paged-output.ts';
import { pcapQuestion } from '../pcap-question.ts';
import { spooled } from '../spooled.ts';

export interface DecodeOptions {
  readonly verbose?: boolean;
  readonly json?: boolean;
  readonly filter?: string;
  readonly follow?: number;
}

interface Trouble {
  readonly code: string;
  readonly message: string;
  readonly exit: number;
}

export async function decode(file: string, options: DecodeOptions, signal: AbortSignal): Promise<number> {
  const fates = createFates();
  const filter = options.filter === undefined ? null : filterOf(options.filter, fates);
  const isTwice = filter?.looksAhead === true;
  await using input = isTwice && file === '-' ? await spooled(chunksOf(file), signal) : null; // what is lost is known at the end
  const path = input?.path ?? file;
  if (isTwice) await readFates(path, fates, signal);
  const out = pagedOutput(process.stdout);
  const troubles = await decoded(path, file, options, filter?.accepts ?? null, out, signal);
  tell(troubles, options, out, signal);
  await out.flushed();
  return troubles.find(({ exit }) => exit !== 0)?.exit ?? 0;
}

const filterOf = (text: string, fates: Fates): ReturnType<typeof parseFilter> =>
  parseFilter(text, { pcap: pcapQuestion, isLost: (run, sequence) => !fates.isAnswered(run, sequence) });

async function readFates(file: string, fates: Fates, signal: AbortSignal): Promise<void> {
  const decoder = createDecoder();
  const { sight } = decoder;
  const look = (slot: PacketSlot): void => {
    decoder.look(slot);
    if (sight.kind === 'landed' || sight.kind === 'answered') fates.answered(sight.run, sight.sequence);
  };
  await eachPacket(chunksOf(file), look, beside(decoder), () => !signal.aborted);
}

const beside =
  (decoder: Decoder) =>
  (item: BesidePacket | Damage): void => {
    if (item.kind === 'custom') decoder.learn(item);
  };

async function decoded(
  path: string,
  file: string,
  options: DecodeOptions,
  filter: Filter | null,
  out: PagedOutput,
  signal: AbortSignal,
): Promise<Trouble[]> {
  const decoder = createDecoder();
  const life = options.follow === undefined ? null : createLife(options.follow);
  const show = shower(decoder, options, life);
  const unread = new Map<number, number>();
  const troubles: Trouble[] = [];
  const packet = (slot: PacketSlot): void => {
    decoder.look(slot);
    if (decoder.sight.networkAt < 0 && isUnknown(slot.linkType)) unread.set(slot.linkType, (unread.get(slot.linkType) ?? 0) + 1);
    if (filter === null || filter(slot, decoder.sight)) show(slot, out);
  };
  const learn = beside(decoder);
  const other = (item: BesidePacket | Damage): void => {
    if (item.kind === 'damage') troubles.push(damage(file, item, decoder.sight.number));
    else learn(item);
  };
  const more = async (): Promise<boolean> => {
    await out.flushed();
    return !signal.aborted;
  };
  try {
    await eachPacket(chunksOf(path), packet, other, more);
  } catch (error) {
    if (!(error instanceof BeaconError)) throw error;
    const after = decoder.sight.number === 0 ? '' : `, after ${packets(decoder.sight.number)}`;
    troubles.push({ code: error.code, message: `${error.message}${after}`, exit: EXIT_OF[error.code] });
  }
  if (life !== null && !options.json) for (const line of life.end()) out.line(line);
  for (const [linkType, count] of unread) troubles.push(unknown(linkType, count));
  return troubles;
}

function shower(
  decoder: Decoder,
  { verbose, json, follow }: DecodeOptions,
  life: Life | null,
): (slot: PacketSlot, out: PagedOutput) => void {
  const { sight } = decoder;
  if (life !== null && !json && !verbose) {
    return (slot, out) => {
      if (sight.sequence === follow) for (const line of life.saw(slot, sight)) out.line(line);
    };
  }
  const wanted = (): boolean => follow === undefined || sight.sequence === follow;
  return (slot, out) => {
    if (!wanted()) return;
    life?.saw(slot, sight);
    if (json) {
      putJson(out.page, slot, sight);
      out.end();
    } else if (verbose) for (const line of treeOf(slot, decoder)) out.line(line);
    else out.line(lineOf(slot, sight));
  };
}

const packets = (count: number): string => (count === 1 ? '1 packet' : `${count} packets`);

const damage = (file: string, { offset, reason }: Damage, count: number): Trouble => ({
  code: count === 0 ? 'ERR_FILE' : 'DAMAGED_FILE',
  message: `${file}, offset ${offset}: ${reason}${count === 0 ? '' : `; the ${packets(count)} before were read`}`,
  exit: EXIT_OF.ERR_FILE,
});

const isUnknown = (linkType: number): boolean => linkTypeName(linkType).startsWith('link type ');

const unknown = (linkType: number, count: number): Trouble => ({
  code: 'UNKNOWN_LINK_TYPE',
  message: `${packets(count)} of ${linkTypeName(linkType)}: this kind of frame is not read; capture raw IP, Ethernet or Linux cooked frames`,
  exit: 0,
});

function tell(troubles: readonly Trouble[], { json }: DecodeOptions, out: PagedOutput, signal: AbortSignal): void {
  if (!json) {
    out.flush();
    for (const { message } of troubles) process.stderr.write(`braceroute: ${message}\n`);
    return;
  }
  const [v, timeMs] = [DECODE_VERSION, Date.now()];
  for (const { code, message } of troubles) out.line(JSON.stringify({ v, type: 'problem', timeMs, code, message }));
  const exit = troubles.find((trouble) => trouble.exit !== 0)?.exit ?? 0;
  out.line(JSON.stringify({ v, type: 'end', timeMs, reached: null, interrupted: signal.aborted, exit }));
}
