/** Asks iproute2: the kernel's own answer about routes, interfaces and neighbours, as JSON. */
import { execFile } from 'node:child_process';
import { BeaconError } from '../error.ts';

export type IpAnswer = { ok: true; rows: readonly Record<string, unknown>[] } | { ok: false; words: string };

/** Runs `ip -j …`. A refusal of the kernel's is a value; only a missing `ip` throws. */
export function ip(...words: string[]): Promise<IpAnswer> {
  return new Promise((resolve, reject) => {
    execFile('ip', ['-j', ...words], (error, stdout, stderr) => {
      if (error && (error as NodeJS.ErrnoException).code === 'ENOENT') {
        reject(new BeaconError('ERR_ENGINE', 'The program `ip` is missing: apt-get install iproute2', { cause: error }));
      } else if (error) {
        resolve({ ok: false, words: stderr.trim().split('\n')[0] ?? '' });
      } else {
        resolve({ ok: true, rows: stdout.trim() === '' ? [] : JSON.parse(stdout).filter((row: object) => Object.keys(row).length > 0) });
      }
    });
  });
}
