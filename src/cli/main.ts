/** The command: argv in, exit code out. The only place that ends the process. */
import { CommanderError } from 'commander';
import { EVENT_VERSION, type Event } from '../report/event.ts';
import { dotLines } from '../report/graph-dot.ts';
import { mermaidLines } from '../report/graph-mermaid.ts';
import { graphReporter } from '../report/graph-reporter.ts';
import { jsonLines } from '../report/json-lines.ts';
import type { Reporter, Sink } from '../report/reporter.ts';
import { type ColorChoice, streamSink } from '../report/stream-sink.ts';
import { textReporter } from '../report/text.ts';
import type { CaptureOptions } from './commands/capture.ts';
import type { DecodeOptions } from './commands/decode.ts';
import { type Interruption, interruption } from './interruption.ts';
import { MEASURING } from './measuring.ts';
import { nearMiss } from './near-miss.ts';
import type { NetworkOptions } from './network.ts';
import { nextStep } from './next-step.ts';
import { type Call, program } from './program.ts';
import { problemOf, session } from './session.ts';
import { VERSION } from './version.ts';

const USAGE = 2;

const sink = (stream: NodeJS.WriteStream, color: ColorChoice): Sink => streamSink(stream, color, process.env);

function reporterFor(options: Call['options']): Reporter {
  const color = (options.color ?? 'auto') as ColorChoice;
  if (options.dot || options.mermaid) {
    return graphReporter(options.dot ? dotLines : mermaidLines, sink(process.stdout, color), sink(process.stderr, color));
  }
  return options.json ? jsonLines(sink(process.stdout, color)) : textReporter(sink(process.stdout, color), sink(process.stderr, color));
}

/** A scan asks for the largest size, which nobody gives it (as boomerang/scan-extent.ts has it): it must be captured whole. */
const ROOM: Readonly<Record<string, Pick<NetworkOptions, 'size'>>> = { scan: { size: 9216 } };

/** A spray counts what comes home at rate in other ways: its capture hears what it asks before that. */
const hasFewAnswers = ({ command, options }: Call): boolean => command === 'trace' || (command === 'spray' && !options.classic);

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function act(call: Call, stop: Interruption): Promise<number> {
  if (call.command === 'replay' || call.options.engine === 'replay') {
    const { replayCommand } = await import('./commands/replay.ts');
    return replayCommand(call, print, reporterFor(call.options), stop.signal);
  }
  if (call.command === 'locate' && call.options.from !== undefined) {
    return (await import('./commands/locate-from.ts')).locateFrom(call, reporterFor(call.options), stop.signal);
  }
  const measuring = MEASURING[call.command];
  if (measuring !== undefined) {
    const options = {
      ...call.options,
      call,
      answers: hasFewAnswers(call) ? 'few' : 'many',
      ...ROOM[call.command],
    } as unknown as NetworkOptions;
    return session(options, measuring(call, print), reporterFor(call.options), stop.signal);
  }
  if (call.command === 'demo') return (await import('./commands/demo.ts')).demo(print, stop);
  if (call.command === 'decode') {
    return (await import('./commands/decode.ts')).decode(call.words[0]!, call.options as DecodeOptions, stop.signal);
  }
  if (call.command === 'capture') {
    return (await import('./commands/capture.ts')).capture(call.options as unknown as CaptureOptions, stop.signal);
  }
  if (call.command === 'diff') return (await import('./commands/diff.ts')).diff(call, reporterFor(call.options), stop.signal);
  if (call.command === 'doctor') return (await import('./commands/doctor.ts')).doctor(call.options, print);
  return (await import('./commands/lab.ts')).lab(call, stop);
}

/** A usage error is told like any other problem: with `--json` as events, `end` last. */
function refuse(message: string, code: string, exit: number, argv: readonly string[]): number {
  const reporter = reporterFor({ json: argv.includes('--json') });
  const [v, timeMs] = [EVENT_VERSION, Date.now()] as const;
  const events: Event[] = [
    { v, type: 'problem', timeMs, code, message },
    { v, type: 'end', timeMs, reached: null, interrupted: false, exit },
  ];
  for (const event of events) reporter.event(event);
  reporter.close();
  return exit;
}

async function main(argv: readonly string[]): Promise<number> {
  const stop = interruption();
  let exit = 0;
  const root = program(VERSION, async (call) => {
    exit = await act(call, stop);
  });
  for (const command of [root, ...root.commands, ...root.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride().configureOutput({ writeErr: () => {} }); // refuse() says it once
  }
  const [first] = argv;
  const names = root.commands.map((command) => command.name());
  const meant = first === undefined ? null : nearMiss(first, names);
  if (first !== undefined && meant !== null && meant !== first) {
    return refuse(
      `"${first}" is not a command: did you mean ${meant}? A host of that name: braceroute trace ${first}`,
      'ERR_USAGE',
      USAGE,
      argv,
    );
  }
  try {
    await root.parseAsync(argv.length === 0 ? ['help'] : [...argv], { from: 'user' });
    return argv.length === 0 ? USAGE : exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      const problem = problemOf(error);
      return refuse(problem.message, problem.code, problem.exit, argv);
    }
    if (error.exitCode === 0) return argv.length === 0 ? USAGE : 0;
    if (error.code === 'commander.help')
      return refuse(`${argv[0]} needs a command: see braceroute help ${argv[0]}`, 'ERR_USAGE', USAGE, argv);
    return refuse(
      `${error.message
        .replace(/^error: /, '')
        .replace('\n', ' ')
        .replace(/\.$/, '')}: ${nextStep(root, argv)}`,
      'ERR_USAGE',
      USAGE,
      argv,
    );
  }
}

const exit = await main(process.argv.slice(2));
for (const stream of [process.stdout, process.stderr]) await new Promise((resolve) => stream.write('', resolve)); // a pipe takes 64 KiB at a time
await new Promise((resolve) => setImmediate(resolve)); // a write that failed is told of a turn later
process.exit(exit);
