/** `braceroute diff A B`: what has moved from one run to another. */
import { BeaconError, CANNOT_TELL } from '../../error.ts';
import { type Compared, compared, type NamedRun } from '../../report/diff.ts';
import { areLatenciesSure, confidenceOf } from '../../report/diff-links.ts';
import { type DiffRun, isCut, runOf, type Tells } from '../../report/diff-run.ts';
import { EVENT_VERSION, type Event } from '../../report/event.ts';
import type { Reporter } from '../../report/reporter.ts';
import { parseRun } from '../json-run.ts';
import type { Call } from '../program.ts';
import { isRecording, type Opened, opened, recordedEvents } from '../recorded-events.ts';
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
    ...found.flows,
    ...found.links,
    ...found.facts,
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
  const found = await opened(file);
  if (found === null) throw new BeaconError('ERR_FILE', `${name} is empty: give what --json printed, or a recording of --write`);
  const events = isRecording(found.first) ? await recordedEvents(file, found, signal) : parseRun(await textOf(found, name), name);
  const run = runOf(events);
  if (run !== null) return { file: name, run };
  throw new BeaconError('ERR_FILE', `${name} holds no run: ${whyNone(events)}`);
}

function whyNone(events: readonly Event[]): string {
  const problem = events.find((event) => event.type === 'problem');
  if (problem !== undefined) return `it only says: ${problem.message}`;
  if (events.some(({ type }) => type === 'tallies'))
    return 'it is of locate --from, which measures nothing: give the runs that its tallies came from';
  if (events.some(({ type }) => type === 'comparison')) return 'it is a comparison itself: give the two runs';
  return 'it has no "start" (docs/json.md)';
}

async function textOf({ chunks }: Opened, name: string): Promise<string> {
  const all: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > LARGEST_TEXT) throw new BeaconError('ERR_FILE', `${name} has more than ${LARGEST_TEXT} bytes: give the lines of one run`);
    all.push(Buffer.from(chunk));
  }
  return Buffer.concat(all)
    .toString('utf8')
    .replace(/^\ufeff/, '');
}

function notes(a: NamedRun, b: NamedRun, { differences, isRttShort, areFlowsApart, tells }: Compared): Said[] {
  const cut = [a, b].filter(({ run }) => isCut(run));
  const all: (false | Note)[] = [
    question(a.run) !== question(b.run) && {
      code: 'OTHER_QUESTION',
      message: `The runs asked different things: ${question(a.run)}; ${question(b.run)}`,
    },
    a.run.tells !== b.run.tells && {
      code: 'NOT_COMPARABLE',
      message: `${WHAT[a.run.tells]}; ${WHAT[b.run.tells]}: only the hops of their paths are compared`,
    },
    ...[a, b].map(({ file, run }) => isUntold(run) && { code: 'NOT_COMPARABLE', message: `${file} ${UNTOLD}` }),
    a.run.tells === 'latency' &&
      areLatenciesSure(a.run, b.run) === false && {
        code: 'NOT_COMPARABLE',
        message:
          'The intervals of both runs together fail more often than once in twenty: give locate --latency a --confidence of 97.5% or more',
      },
    differences.some(({ hop }) => hop === 'replaced') && {
      code: 'OTHER_BRANCH',
      message:
        'A hop that was replaced may stand on another of several equal ways, since each run has a flow of its own: ' +
        'give both the same --source-port, or compare runs of paths',
    },
    areFlowsApart && {
      code: 'OTHER_FLOWS',
      message: 'The two sprays have no flow in common, so that only their sums are compared: give both the same --values',
    },
    ...cut.map(({ file, run: { end, tells: kind } }) => ({
      code: 'CUT_SHORT',
      message: `${file} ${end === null ? 'has no end' : 'was interrupted'}: ${kind === 'loss' || kind === 'latency' ? 'its links are' : 'what it did not come to is'} not compared`,
    })),
    !tells && { code: 'NOTHING_COMPARED', message: 'Nothing was measured in both runs: whether anything moved cannot be told' },
    isRttShort && {
      code: 'FEW_ROUND_TRIPS',
      message: 'Too few round trips to tell whether they moved: give both runs more probes a hop, such as -c 20',
    },
  ];
  return all.flatMap((note) => (note ? [{ type: 'problem', ...note }] : []));
}

const WHAT: Readonly<Record<Tells, string>> = {
  answers: 'A trace counts what a hop answers',
  probes: 'A probe counts what comes home from a hop',
  spray: 'A spray counts what comes home at rate',
  loss: 'A locate tells what links lose',
  latency: 'A locate --latency tells what links add to the round trip',
  graph: 'A search for paths tells who stands behind whom',
  facts: 'A scan tells what routers do',
};

const isUntold = (run: DiffRun): boolean =>
  (run.tells === 'loss' || run.tells === 'latency') && hasLinks(run) && confidenceOf(run) === null;

const hasLinks = ({ events }: DiffRun): boolean => events.some(({ type }) => type === 'link' || type === 'latency');

const UNTOLD = 'does not tell the confidence of its intervals, being of an older version: they are not compared';

interface Note {
  readonly code: string;
  readonly message: string;
}

const question = ({ start, events }: DiffRun): string => {
  const targets = events.flatMap((event) => (event.type === 'start' ? [event.target] : [])); // a scan may have several
  return `${start.command} from ${start.source} to ${targets.join(', ')}`;
};
