/** Runs the system's own network commands for a lab, and says which line of which one failed. */
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { BeaconError } from '../error.ts';
import { MARK, namespaceFile } from './places.ts';

/** A command and what it reads from stdin, one instruction a line. */
export interface Step {
  readonly argv: readonly string[];
  readonly input: string;
}

/** Where Debian keeps them; a user's PATH often lacks the sbin directories. */
export const PATH: string = `${process.env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`;

const PACKAGE_OF = {
  ip: 'iproute2',
  tc: 'iproute2',
  nsenter: 'util-linux',
  mount: 'mount',
  nft: 'nftables',
  bpftool: 'bpftool',
} as const;

export type Tool = keyof typeof PACKAGE_OF;

/** Throws BeaconError ERR_LAB that names every missing command and the one line that installs them all. */
export function requireTools(tools: readonly Tool[], path: string = PATH): void {
  const missing = tools.filter((tool) => !isInstalled(tool, path));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((tool) => PACKAGE_OF[tool]))];
  throw new BeaconError('ERR_LAB', `The lab needs ${missing.join(', ')}: run apt-get install -y ${packages.join(' ')}`);
}

/** Packages whose commands or headers a lab needs and does not find. */
export function missingPackages(path: string = PATH): string[] {
  const tools = (Object.keys(PACKAGE_OF) as Tool[]).filter((tool) => !isInstalled(tool, path)).map((tool) => PACKAGE_OF[tool]);
  const compiler = isInstalled('clang', path) ? [] : ['clang'];
  const headers = existsSync('/usr/include/bpf/bpf_helpers.h') ? [] : ['libbpf-dev'];
  return [...new Set([...tools, ...compiler, ...headers])];
}

const isInstalled = (tool: string, path: string): boolean =>
  path.split(':').some((directory) => directory !== '' && isExecutable(join(directory, tool)));

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The same step inside a node. Only the network changes: /sys stays the host's, for tc must see the pinned programs there. */
export const inside = (lab: string, node: string, { argv, input }: Step): Step => ({
  argv: ['nsenter', `--net=${namespaceFile(lab, node)}`, ...argv],
  input,
});

/** Resolves to what the command printed. Throws BeaconError ERR_LAB with its complaint and the line that it complains of. */
export async function run(lab: string, { argv, input }: Step): Promise<string> {
  const { code, stdout, stderr } = await finished(lab, argv, input);
  if (code === 0) return stdout;
  const complaint = (stderr || stdout).trim() || `ended with ${code}`;
  throw new BeaconError(
    'ERR_LAB',
    [`Lab ${lab}: ${argv.join(' ')} failed: ${complaint}`, ...failingLine(complaint, input)].join('\n  at: '),
  );
}

/** `ip` and `tc` say "Command failed -:3", a shell "sh: 3:", nft "/dev/stdin:3:5-9". */
function failingLine(complaint: string, input: string): string[] {
  const number = /(?:-|sh|stdin): ?(\d+)/.exec(complaint)?.[1];
  const line = number && input.split('\n')[Number(number) - 1]?.trim();
  return line ? [line] : [];
}

interface Finished {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function finished(lab: string, argv: readonly string[], input: string): Promise<Finished> {
  const env = { ...process.env, PATH, LC_ALL: 'C', [MARK]: lab };
  return new Promise((resolve) => {
    // A session of its own: Ctrl-C is for us to answer, and must not stop a step half way.
    const child = spawn(argv[0]!, argv.slice(1), { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdin.on('error', () => {}); // one that fails early reads no further; its exit code tells
    child.on('error', (error) => resolve({ code: error.message, stdout, stderr }));
    child.on('close', (code, signal) => resolve({ code: code ?? signal ?? 'no exit code', stdout, stderr }));
    child.stdin.end(input);
  });
}

/** Does the work for every item, at most `atOnce` together; the first failure is thrown once all that run have ended. */
export async function eachOf<Item>(items: readonly Item[], atOnce: number, work: (item: Item) => Promise<unknown>): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift()) {
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
}
