/** `braceroute demo`: raises a network, traces it three ways, breaks one direction of one link, and shows where. */
import { once } from 'node:events';
import { join } from 'node:path';
import { loadAddon } from '../../host/addon.ts';
import { PACKAGE_ROOT } from '../../package-root.ts';
import { streamSink } from '../../report/stream-sink.ts';
import { textReporter } from '../../report/text.ts';
import { type Fault, NO_FAULT } from '../../topology/fault.ts';
import type { Topology } from '../../topology/topology.ts';
import type { Interruption } from '../interruption.ts';
import { MEASURING } from '../measuring.ts';
import { program } from '../program.ts';
import { sessionOn } from '../session.ts';
import { readTopology } from '../topology-file.ts';
import { VERSION } from '../version.ts';

type Print = (line: string) => void;

/** Where the story is told: a lab of kernel routers, or a network in memory. */
interface Stage extends AsyncDisposable {
  /** Runs `braceroute …` on the vantage; resolves to its exit code. */
  braceroute(argv: readonly string[]): Promise<number>;
  fault(link: string, from: string, fault: Fault): Promise<void>;
}

const LINK = 'r4-r5';
const SENDER = 'r4';
const LOSS: Fault = { ...NO_FAULT, loss: 0.1 };

/** A command to run, or the fault to set; `exit` is what the command must come to for the story to hold. */
const STORY: readonly (
  | { readonly says: string; readonly argv: readonly string[]; readonly exit: number }
  | { readonly says: string; readonly fault: true }
)[] = [
  { says: 'The way to d:', argv: ['d'], exit: 0 },
  { says: 'The way back from d, which need not be the same:', argv: ['-r', 'd'], exit: 0 },
  { says: 'The way between two routers that are both elsewhere:', argv: ['-s', 'r1', 'd'], exit: 0 },
  { says: 'Every hop of that path, probed with boomerangs: clean.', argv: ['probe', '-s', 'r1', '-d', 'd', '-c', '1000'], exit: 0 },
  { says: `Now ${SENDER} loses 10 % of what it sends to r5:`, fault: true },
  {
    says: 'The same probe again shows the hop where the loss appears:',
    argv: ['probe', '-s', 'r1', '-d', 'd', '-c', '1000', '-t', '1'],
    exit: 1,
  },
];

const PICTURE = `
             r2
           /    \\
  a --- r1        r4 --- r5 --- d      all but a decapsulate
           \\    /    \\  /
             r3       r6
`;

export async function demo(print: Print, { signal, hold }: Interruption): Promise<number> {
  hold(); // a lab must not be left behind
  const topology = await readTopology('demo');
  const why = whySimulated();
  print(
    why === null
      ? 'A network of kernel routers on this machine, in namespaces of their own:'
      : `${why}, so this network is simulated, in virtual time:`,
  );
  print(PICTURE);
  await using stage = why === null ? await labStage(topology, signal) : simulatedStage(topology, print, signal);
  let exit = 0;
  for (const step of STORY) {
    if (signal.aborted || exit !== 0) break;
    print(`# ${step.says}`);
    exit = 'fault' in step ? await breakLink(stage, print) : await runStep(stage, step, print, signal);
    print('');
  }
  if (signal.aborted) print('Interrupted: taking everything down.');
  else print(`${exit === 0 ? 'Done' : 'It went wrong'}: everything is taken down again. To look around: braceroute lab up demo`);
  return signal.aborted ? 1 : exit;
}

async function runStep(
  stage: Stage,
  { argv, exit }: { argv: readonly string[]; exit: number },
  print: Print,
  signal: AbortSignal,
): Promise<number> {
  print(`$ braceroute ${argv.join(' ')}`);
  const code = await stage.braceroute(argv);
  if (code === exit || signal.aborted) return 0;
  print(`This should have ended with exit code ${exit}, not ${code}.`);
  return 1;
}

async function breakLink(stage: Stage, print: Print): Promise<number> {
  print(`$ braceroute lab fault ${LINK} --loss 10% --direction ${SENDER}-r5`);
  await stage.fault(LINK, SENDER, LOSS);
  return 0;
}

/** Null where a lab can be raised and measured here. */
function whySimulated(): string | null {
  if (process.getuid?.() !== 0) return 'Not root';
  try {
    loadAddon();
    return null;
  } catch {
    return 'The live engine is not built (braceroute doctor says how)';
  }
}

/** Under a name of its own, so that a lab `demo` of the user's is left alone. */
async function labStage(topology: Topology, signal: AbortSignal): Promise<Stage> {
  const { up } = await import('../../lab/up.ts');
  const lab = await up({ ...topology, name: `demo_${process.pid}` });
  return {
    async braceroute(argv) {
      const child = lab.start('a', [process.execPath, join(PACKAGE_ROOT, 'bin/braceroute.js'), ...argv]);
      signal.addEventListener('abort', () => void child.kill('SIGINT'), { once: true });
      const [code] = (await once(child, 'close')) as [number | null];
      return code ?? 1;
    },
    fault: (link, from, fault) => lab.fault(link, from, fault),
    [Symbol.asyncDispose]: () => lab.down(),
  };
}

async function loadSimulated(topology: Topology): Promise<ReturnType<typeof import('../simulated-network.ts')['simulatedNetwork']>> {
  const { simulatedNetwork } = await import('../simulated-network.ts');
  return simulatedNetwork(topology);
}

function simulatedStage(topology: Topology, print: Print, signal: AbortSignal): Stage {
  const opened = loadSimulated(topology);
  return {
    async braceroute(argv) {
      let exit = 0;
      const run = program(VERSION, async (call) => {
        const reporter = textReporter(streamSink(process.stdout, 'auto', process.env), streamSink(process.stderr));
        exit = await sessionOn(await opened, await MEASURING[call.command]!(call, print), reporter, signal);
      });
      await run.parseAsync([...argv], { from: 'user' });
      return exit;
    },
    async fault(link, from, fault) {
      (await opened).engine.fault(link, from, fault);
    },
    [Symbol.asyncDispose]: async () => (await opened).engine.close(),
  };
}
