/** `braceroute replay FILE`, and `--engine replay --read FILE`: the recorded command again, on the recorded network. */
import { fileChunks } from '../../capture/file-chunks.ts';
import { type Recorded, readRecorded } from '../../engine/replay/recorded.ts';
import { BeaconError } from '../../error.ts';
import type { Reporter } from '../../report/reporter.ts';
import { MEASURING } from '../measuring.ts';
import type { NetworkOptions } from '../network.ts';
import type { Call } from '../program.ts';
import { rebuiltPlan } from '../rebuilt-plan.ts';
import { type Body, session } from '../session.ts';
import { checkWriteTarget } from '../write-target.ts';

/** How the report is told is up to who replays; all else is the recording's. */
const OF_THE_REPLAY = ['json', 'color'] as const;

/** Returns the exit code. */
export function replayCommand(call: Call, print: (line: string) => void, reporter: Reporter, signal: AbortSignal): Promise<number> {
  const recorded = readPlanned(call);
  const body = recorded.then((found) => bodyOf(found, call, print));
  body.catch(() => {}); // the session tells of it
  const { write, flush, speed } = call.options as Partial<NetworkOptions>;
  const asRecorded = recorded.then((found) => recordedCall(found, call));
  asRecorded.catch(() => {});
  const options: Promise<NetworkOptions> = asRecorded.then((used) => ({
    engine: 'replay',
    interface: 'any',
    answers: 'many',
    recorded,
    call: used,
    ...(write !== undefined && { write }),
    ...(flush !== undefined && { flush }),
    ...(speed !== undefined && { speed }),
  }));
  return session(options, body, reporter, signal);
}

async function readPlanned(call: Call): Promise<Recorded> {
  const file = call.command === 'replay' ? call.words[0] : call.options.read;
  if (typeof file !== 'string') throw new BeaconError('ERR_USAGE', '--engine replay needs a recording: --read FILE');
  if (file === '-') throw new BeaconError('ERR_USAGE', 'A replay reads its recording twice: give a file in place of -');
  const { plan, write } = call.options;
  checkWriteTarget(write as string | undefined, { recording: file, '--plan': plan });
  const recorded = await readRecorded(file);
  if (typeof plan === 'string') return planned(recorded, plan);
  return recorded.plan === null ? rebuiltPlan(recorded) : recorded;
}

/** The packets of one file with the plan and the answers of another, of the same run. */
async function planned(recorded: Recorded, file: string): Promise<Recorded> {
  const { path, packets, lastNs, damage } = recorded;
  await refuseEvents(file);
  const other = await readRecorded(file);
  if (other.plan === null) throw new BeaconError('ERR_FILE', `${file} holds no plan: give a recording made with --write`);
  return { ...other, path, packets, lastNs, damage, isWhole: damage === null };
}

const BRACE = 0x7b;

/** The events of a run tell its path and counts, and not what its probes were made of. A file that cannot be read is told of later. */
async function refuseEvents(file: string): Promise<void> {
  if ((await firstByte(file).catch(() => undefined)) !== BRACE) return;
  throw new BeaconError(
    'ERR_FILE',
    `${file} holds events (--json), which lack what a replay needs: the run's number and keys, its random bytes, routes and options. ` +
      'Give a recording of the run (--write), or leave --plan out: the plan is then rebuilt from the probes',
  );
}

async function firstByte(file: string): Promise<number | undefined> {
  for await (const chunk of fileChunks(file)) return chunk[0];
  return undefined;
}

/** What the run was called with, but for how it is told. */
function recordedCall({ plan }: Recorded, call: Call): Call {
  const { command, words, options, files } = plan!;
  const told = Object.fromEntries(OF_THE_REPLAY.map((name) => [name, call.options[name]]));
  return {
    command,
    words,
    options: {
      ...options,
      ...told,
      ...(files.map !== undefined && { mapText: files.map }),
      ...(files.paths !== undefined && { pathsText: files.paths }),
      ...(files.topology !== undefined && { topologyText: files.topology }),
    },
  };
}

async function bodyOf(recorded: Recorded, call: Call, print: (line: string) => void): Promise<Body> {
  const used = recordedCall(recorded, call);
  const measuring = MEASURING[used.command];
  if (measuring === undefined)
    throw new BeaconError('ERR_FILE', `${recorded.path} is of a command that this version does not know: ${used.command}`);
  return measuring(used, print);
}
