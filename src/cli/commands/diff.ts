/** `braceroute diff A B`: what has moved from one run to another. */
import { isUtf8 } from 'node:buffer';
import { BeaconError, CANNOT_TELL } from '../../error.ts';
import { type Compared, compared, type NamedRun } from '../../report/diff.ts';
import { type DiffRun, runOf } from '../../report/diff-run.ts';
import { EVENT_VERSION, type Event } from '../../report/event.ts';
import type { Reporter } from '../../report/reporter.ts';
import { chunksOf } from '../capture-file.ts';
import { parseRun } from '../json-run.ts';
import type { Call } from '../program.ts';
import type { Said } from '../session.ts';

/** Far more than the longest run prints; a recording may be of any size. */
const LARGEST_TEXT = 64_000_000;

/** Returns the exit code: 0 nothing moved, 1 something did, 5 nothing could be compared. Throws BeaconError ERR_FILE. */
export async function diff({ words }: Call, reporter: Reporter, signal: AbortSignal): Promise<number> {
  const [first, second] = words as [string, string];
  if (first === '-' && second === '-') throw new BeaconError('ERR_USAGE', 'Both runs cannot come from standard input: give one as a file');
  const a = await readRun(first, signal);
  const b = await readRun(second, signal);
  const found = compared(a, b);
  const exit = found.comparison.moved.length > 0 ? 1 : found.tells ? 0 : CANNOT_TELL;
  const said: Said[] = [
    found.comparison,
    ...found.differences,
    ...notes(a, b, found),
    { type: 'end', reached: null, interrupted: false, exit },
  ];
  const timeMs = Date.now();
  for (const { type, ...rest } of said) reporter.event({ v: EVENT_VERSION, type, timeMs, ...rest } as Event);
  reporter.close();
  return exit;
}

async function readRun(file: string, signal: AbortSignal): Promise<NamedRun> {
  const name = file === '-' ? 'standard input' : file;
  const text = await textOf(file, name);
  const events = text === null ? await recordedEvents(file, signal) : parseRun(text, name);
  const run = runOf(events);
  if (run !== null) return { file: name, run };
  const problem = events.find((event) => event.type === 'problem');
  const why = problem === undefined ? 'it has no "start" (docs/json.md)' : `it only says: ${problem.message}`;
  throw new BeaconError('ERR_FILE', `${name} holds no run: ${why}`);
}

/** Null for a recording. */
async function textOf(file: string, name: string): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunksOf(file)) {
    if (chunks.length === 0 && isRecording(chunk)) {
      if (file !== '-') return null;
      throw new BeaconError('ERR_FILE', 'A recording is not read from standard input here: give it as a file');
    }
    length += chunk.length;
    if (length > LARGEST_TEXT) throw new BeaconError('ERR_FILE', `${name} has more than ${LARGEST_TEXT} bytes: give the lines of one run`);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\ufeff/, '');
}

/** The first four bytes of pcapng are line ends; those of pcap and gzip are no text. */
export function isRecording(chunk: Uint8Array): boolean {
  const magic = Buffer.from(chunk.subarray(0, 4));
  return magic.equals(Buffer.of(0x0a, 0x0d, 0x0d, 0x0a)) || (magic.length > 0 && magic[0] !== 0x7b && !isUtf8(magic));
}

/** The events of the run that a recording was made of, by running it again. */
export async function recordedEvents(file: string, signal: AbortSignal): Promise<Event[]> {
  const { replayCommand } = await import('./replay.ts');
  const events: Event[] = [];
  const collect: Reporter = { event: (event) => void events.push(event), close: () => {} };
  await replayCommand({ command: 'replay', words: [file], options: { json: true } }, () => {}, collect, signal);
  return events;
}

function notes(a: NamedRun, b: NamedRun, { isRttShort, tells }: Compared): Said[] {
  const cut = [a, b].filter(({ run: { end } }) => end === null || end.interrupted);
  const all: (false | Note)[] = [
    question(a.run) !== question(b.run) && {
      code: 'OTHER_QUESTION',
      message: `The runs asked different things: ${question(a.run)}; ${question(b.run)}`,
    },
    a.run.counts !== b.run.counts && {
      code: 'NOT_COMPARABLE',
      message: 'A probe counts what comes home from a hop, a trace what the hop answers: only the hops are compared',
    },
    ...cut.map(({ file, run: { end } }) => ({
      code: 'CUT_SHORT',
      message: `${file} ${end === null ? 'has no end' : 'was interrupted'}: what it did not come to is not compared`,
    })),
    !tells && { code: 'NOTHING_COMPARED', message: 'No hop was counted in both runs: whether anything moved cannot be told' },
    isRttShort && {
      code: 'FEW_ROUND_TRIPS',
      message: 'Too few round trips to tell whether they moved: give both runs more probes a hop, such as -c 20',
    },
  ];
  return all.flatMap((note) => (note ? [{ type: 'problem', ...note }] : []));
}

interface Note {
  readonly code: string;
  readonly message: string;
}

const question = ({ start: { command, source, target } }: DiffRun): string => `${command} from ${source} to ${target}`;
