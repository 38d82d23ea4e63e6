/** A command that is sent signals while it runs. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Ran } from './command.ts';

export interface Signal {
  readonly signal: 'SIGINT' | 'SIGTERM';
  /** Since the moment that the run counts from, or since the signal before. */
  readonly afterMs: number;
}

export interface Interrupted extends Ran {
  /** From the first signal to the end of the process. */
  readonly afterSignalMs: number;
}

const LIMIT_MS = 20_000;

/** Signals count from its first output that looks like `at`; null: from when it was started. */
export async function interrupted(
  [program, ...argv]: readonly string[],
  signals: readonly Signal[],
  at: RegExp | null = /./,
): Promise<Interrupted> {
  const child = spawn(program!, argv, { stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS, killSignal: 'SIGKILL' });
  let [stdout, stderr] = ['', ''];
  let begun = (): void => {};
  const begins = new Promise<void>((resolve) => (begun = resolve));
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    if (at?.test(stdout)) begun();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ends = new Promise<{ code: number | null; atMs: number }>((resolve) => {
    child.on('exit', (code) => resolve({ code, atMs: performance.now() }));
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  if (at !== null) await Promise.race([begins, ends]);
  let firstMs: number | null = null;
  for (const { signal, afterMs } of signals) {
    await sleep(afterMs);
    firstMs ??= performance.now();
    child.kill(signal);
  }
  const { code, atMs } = await ends;
  await closed;
  return { code, stdout, stderr, afterSignalMs: atMs - firstMs! };
}

const AT_ONCE_MS = 500;

export const assertAtOnce = ({ code, afterSignalMs, stdout, stderr }: Interrupted): void => {
  assert.ok(code !== null, `ended by the signal itself: ${stdout}${stderr}`);
  assert.ok(afterSignalMs < AT_ONCE_MS, `${afterSignalMs} ms after the signal`);
};
