/** Commands on a node: its network, its names, the rest of the machine as it is. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { ExecOptions, Executed } from './lab.ts';

const argvOf = (namespace: string, argv: readonly string[]): string[] => ['netns', 'exec', namespace, ...argv];

export function execute(namespace: string, argv: readonly string[], { timeoutMs, input, env }: ExecOptions = {}): Promise<Executed> {
  return new Promise((resolve, reject) => {
    const child = spawn('ip', argvOf(namespace, argv), {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(timeoutMs !== undefined && { timeout: timeoutMs, killSignal: 'SIGKILL' }),
      ...(env && { env: { ...process.env, ...env } }),
    });
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
    child.stdin?.on('error', () => {}); // it may end before it has read everything
    child.stdin?.end(input);
  });
}

/** With our own terminal, so that Ctrl-C reaches it as it reaches us. */
export const startHere = (namespace: string, argv: readonly string[]): ChildProcess =>
  spawn('ip', argvOf(namespace, argv), { stdio: 'inherit' });
