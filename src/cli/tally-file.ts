/** Reads what probes over many paths came to: JSON lines, MessagePack, the events of a run, or a recording of one. */
import { decodeIter } from 'msgpackr';
import { BeaconError } from '../error.ts';
import { pathTally } from '../locate/tallied-path.ts';
import { collectPaths, type TalliedPaths } from '../locate/tallied-paths.ts';
import type { ProblemEvent } from '../report/event.ts';
import { isRecording, opened, recordedEvents } from './recorded-events.ts';
import { runTallies } from './run-tallies.ts';

/** What is wrong with a file is told all at once, up to so many lines. */
const MOST_TOLD = 20;
const LONGEST_LINE = 1_000_000;

export interface FileTallies {
  readonly paths: TalliedPaths;
  /** What a recording's run told of itself, such as where the file breaks off. */
  readonly problems: readonly ProblemEvent[];
}

/** Throws BeaconError ERR_FILE for a file that holds something else, with all mistakes. */
export async function readTallies(file: string, signal: AbortSignal): Promise<FileTallies> {
  const name = file === '-' ? 'standard input' : file;
  const found = await opened(file);
  if (found === null) throw new BeaconError('ERR_FILE', `${name} is empty: give tallies, one path a line (docs/json.md)`);
  const { first, chunks } = found;
  const taking = takingTallies(name);
  if (!isMessagePack(first) && isRecording(first)) {
    const events = await recordedEvents(file, found, signal);
    for (const event of events) taking.take(event, 0);
    const problems = events.filter((event) => event.type === 'problem');
    return { paths: taking.taken(problems[0]?.message), problems };
  }
  await (isMessagePack(first) ? takeMessages(chunks, taking) : takeLines(chunks, taking));
  return { paths: taking.taken(), problems: [] };
}

/** A map, as each tally is one; no text begins so, and no recording. */
const isMessagePack = ([first = 0]: Uint8Array): boolean => (first & 0xf0) === 0x80 || first === 0xde || first === 0xdf;

interface Taking {
  readonly take: (value: unknown, line: number) => void;
  readonly refuse: (line: number, what: string) => void;
  /** Throws BeaconError ERR_FILE with what was refused, or with why there may be nothing. */
  readonly taken: (why?: string) => TalliedPaths;
}

function takingTallies(name: string): Taking {
  const paths = collectPaths();
  const events: unknown[] = [];
  const refused: string[] = [];
  let more = 0;
  const refuse = (line: number, what: string): void => {
    if (refused.length < MOST_TOLD) refused.push(`${name}${line > 0 ? `, line ${line}` : ''}: ${what}`);
    else more += 1;
  };
  const add = (value: unknown, line: number): void => {
    const tally = pathTally(value);
    if (typeof tally === 'string') refuse(line, tally);
    else paths.add(tally, line);
  };
  return {
    take(value, line) {
      if (!isEvent(value)) add(value, line);
      else if (value.type === 'path' || value.type === 'tally') events.push(value);
      else if (value.type === 'verdict') refuse(line, 'this is a run of locate, and holds a verdict, not tallies: see braceroute replay');
    },
    refuse,
    taken(why) {
      for (const tally of runTallies(events)) add(tally, 0);
      if (refused.length > 0) throw new BeaconError('ERR_FILE', [...refused, ...(more > 0 ? [`and ${more} lines more`] : [])].join('\n'));
      const found = paths.collected();
      if (found.sent.length + found.odds === 0)
        throw new BeaconError('ERR_FILE', `${name} holds no tallies: ${why ?? 'give one path a line (docs/json.md), or a run of probe'}`);
      return found;
    },
  };
}

const isEvent = (value: unknown): value is { readonly type: string } =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string' && 'v' in value;

async function takeLines(chunks: AsyncIterable<Uint8Array>, taking: Taking): Promise<void> {
  const decoder = new TextDecoder();
  let [rest, line] = ['', 0];
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const text of lines) {
      line += 1;
      takeLine(text, line, taking);
    }
    if (rest.length > LONGEST_LINE) {
      taking.refuse(line + 1, `a line of more than ${LONGEST_LINE} characters`);
      return;
    }
  }
  takeLine(rest, line + 1, taking);
}

function takeLine(text: string, line: number, { take, refuse }: Taking): void {
  if (text.trim() === '') return;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse(line, `this is no JSON: ${JSON.stringify(text.slice(0, 40))}`);
    return;
  }
  take(value, line);
}

/** "Lines" are messages. */
async function takeMessages(chunks: AsyncIterable<Uint8Array>, { take, refuse }: Taking): Promise<void> {
  let message = 0;
  try {
    for await (const value of decodeIter(copied(chunks), { mapsAsObjects: true })) {
      message += 1;
      take(value, message);
    }
  } catch (error) {
    if (error instanceof BeaconError) throw error;
    refuse(message + 1, `this is no MessagePack: ${(error as Error).message}`);
  }
}

/** The decoder keeps the beginning of a message that goes on in the next chunk. */
async function* copied(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk.slice();
}
