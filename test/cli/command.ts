/** The built command as a user runs it: a process of its own, judged by what it prints and by its exit code. */
import { type SpawnOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { assertEvents } from '../report/schema.ts';

export const COMMAND: readonly string[] = [process.execPath, fileURLToPath(new URL('../../bin/braceroute.js', import.meta.url))];

export interface Ran {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nobody waits longer than this for a command that hangs. */
const LIMIT_MS = 20_000;

export function runArgv([program, ...argv]: readonly string[], options: SpawnOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const timeout = options.timeout ?? LIMIT_MS;
    const child = spawn(program!, argv, { ...options, stdio: ['ignore', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' });
    let [stdout, stderr] = ['', ''];
    child.stdout!.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr!.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') stderr += `${program} was killed: it took longer than ${timeout / 1000} s\n`;
      resolve({ code, stdout, stderr });
    });
  });
}

export const braceroute = (argv: readonly string[], options?: SpawnOptions): Promise<Ran> => runArgv([...COMMAND, ...argv], options);

/** On a topology of fixtures/, in memory: no root needed, and waiting takes no time. */
export const simulated = (topology: string, argv: readonly string[]): Promise<Ran> =>
  braceroute([...argv, '--engine', 'simulated', '--read', topologyFile(topology)]);

export const topologyFile = (name: string): string => (name.includes('/') ? name : `fixtures/topologies/${name}.yaml`);

export const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** The events of a run with `--json`, each held against the schema; its exit code is the one that `end` tells. */
export function eventsOf({ code, stdout, stderr }: Ran): Event[] {
  assert.is(stderr, '');
  const events = assertEvents(linesOf(stdout));
  assert.is(of(events, 'end')[0]!.exit, code);
  return events;
}

export const of = <Type extends Event['type']>(events: readonly Event[], type: Type): Extract<Event, { type: Type }>[] =>
  events.filter((event): event is Extract<Event, { type: Type }> => event.type === type);

/** Nobody should see where in our code a mistake of theirs was noticed. */
export const assertNoStack = (text: string): void => assert.not.match(text, /\n\s+at .+:\d+|node:internal|ERR_BUG/);
