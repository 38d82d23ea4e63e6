/** A whole process, timed from outside: start, work, exit. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Timed {
  readonly seconds: number;
  readonly code: number | null;
  readonly stdout: string;
  /** Largest resident memory in MB, as far as looking every 20 ms sees it (VmHWM of proc(5) keeps the peak). */
  readonly peakMb: number;
}

export function timed(namespace: string, argv: readonly string[]): Promise<Timed> {
  const started = process.hrtime.bigint();
  return new Promise((resolve, reject) => {
    // `ip` becomes the command (exec): its start is the same small part of every figure, of the compared ones too.
    const child = spawn('ip', ['netns', 'exec', namespace, ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    let peakMb = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    const look = setInterval(() => {
      peakMb = Math.max(peakMb, residentMb(child.pid!));
    }, 20);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(look);
      resolve({ seconds: Number(process.hrtime.bigint() - started) / 1e9, code, stdout, peakMb });
    });
  });
}

function residentMb(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it has just ended
  }
}

const quantile = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!;

export const median = (values: readonly number[]): number => quantile(values, 1 / 2);

/** A neighbour on the host only ever adds to a cost: in the first tenth lie the turns that were disturbed least. Beside a median, not for it. */
export const undisturbed = (costs: readonly number[]): number => quantile(costs, 1 / 10);
