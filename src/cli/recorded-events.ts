/** A recording as the events of the run that it was made of, for those who take either. */
import { isUtf8 } from 'node:buffer';
import type { Event } from '../report/event.ts';
import type { Reporter } from '../report/reporter.ts';
import { chunksOf } from './capture-file.ts';
import { spooled } from './spooled.ts';

/** A file, or standard input, of which the first chunk was looked at. */
export interface Opened {
  readonly first: Uint8Array;
  /** All of it, the first chunk too. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** For who leaves the rest. */
  readonly leave: () => Promise<unknown>;
}

/** Null where it is empty. Throws BeaconError ERR_FILE. */
export async function opened(file: string): Promise<Opened | null> {
  const reading = chunksOf(file);
  const { done, value: first } = await reading.next();
  return done || first.length === 0 ? null : { first, chunks: whole(first, reading), leave: () => reading.return(undefined) };
}

async function* whole(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** The first four bytes of pcapng are line ends; those of pcap and gzip are no text. */
export function isRecording(chunk: Uint8Array): boolean {
  const magic = Buffer.from(chunk.subarray(0, 4));
  return magic.equals(Buffer.of(0x0a, 0x0d, 0x0d, 0x0a)) || (magic.length > 0 && magic[0] !== 0x7b && !isUtf8(magic));
}

/** By running it again, for which it is read twice. Throws BeaconError ERR_FILE. */
export async function recordedEvents(file: string, { chunks, leave }: Opened, signal: AbortSignal): Promise<Event[]> {
  if (file !== '-') {
    await leave();
    return replayed(file, signal);
  }
  await using input = await spooled(chunks, signal);
  const events = await replayed(input.path, signal);
  return events.map((event) =>
    event.type === 'problem' ? { ...event, message: event.message.replaceAll(input.path, 'standard input') } : event,
  );
}

async function replayed(file: string, signal: AbortSignal): Promise<Event[]> {
  const { replayCommand } = await import('./commands/replay.ts');
  const events: Event[] = [];
  const collect: Reporter = { event: (event) => void events.push(event), close: () => {} };
  await replayCommand({ command: 'replay', words: [file], options: { json: true } }, () => {}, collect, signal);
  return events;
}
