/** Network namespaces for tests that need other devices than a lab's, made with iproute2 and removed again. */
import { execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import type { Event } from '../../src/report/event.ts';
import { COMMAND, eventsOf, type Ran, runArgv } from '../cli/command.ts';

export interface Namespaces extends AsyncDisposable {
  /** Runs the built command with --json in one of them. */
  braceroute(namespace: string, ...argv: readonly string[]): Promise<Event[]>;
  run(namespace: string, ...argv: readonly string[]): Promise<Ran>;
  /** Starts a program that ends with the namespaces; resolves when it has printed something. */
  start(namespace: string, ...argv: readonly string[]): Promise<void>;
}

/** `lines` are iproute2's, for all of them together; each also gets its loopback up and no waiting for duplicate addresses. */
export function namespaces(names: readonly string[], lines: readonly string[], sysctls: readonly string[] = []): Namespaces {
  const within = (name: string, argv: readonly string[]): string[] => ['ip', 'netns', 'exec', name, ...argv];
  const started: { end: () => Promise<void> }[] = [];
  const remove = async (): Promise<void> => {
    for (const { end } of started) await end();
    for (const name of names) ip(`netns del ${name}`);
  };
  for (const name of names) ip(`netns add ${name}`, `-n ${name} link set lo up`);
  const set = ['net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0', ...sysctls];
  for (const name of names) execFileSync('ip', ['netns', 'exec', name, 'sysctl', '-qw', ...set]);
  try {
    ip(...lines);
  } catch (error) {
    for (const name of names) ip(`netns del ${name}`);
    throw error;
  }
  return {
    run: (name, ...argv) => runArgv(within(name, argv)),
    braceroute: async (name, ...argv) => eventsOf(await runArgv(within(name, [...COMMAND, ...argv, '--json']))),
    async start(name, ...argv) {
      started.push(await begun(within(name, argv)));
    },
    [Symbol.asyncDispose]: remove,
  };
}

function ip(...lines: readonly string[]): void {
  for (const line of lines) execFileSync('ip', line.split(' '), { stdio: ['ignore', 'ignore', 'pipe'] });
}

const OWN_OUTPUT: SpawnOptions = { stdio: ['ignore', 'pipe', 'inherit'] };

async function begun([program, ...argv]: readonly string[]): Promise<{ end: () => Promise<void> }> {
  const child = spawn(program!, argv, OWN_OUTPUT);
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  await Promise.race([new Promise<void>((resolve) => child.stdout!.once('data', () => resolve())), closed]);
  if (child.exitCode !== null) throw new Error(`${argv.join(' ')} ended with ${child.exitCode}`);
  return {
    end: () => {
      child.kill('SIGKILL');
      return closed;
    },
  };
}
