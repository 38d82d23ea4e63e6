/** Asks iproute2: the kernel's own answers about routes, interfaces and neighbours, as JSON. */
import { execFile } from 'node:child_process';
import { BeaconError } from '../error.ts';

export type Row = Readonly<Record<string, unknown>>;

export interface IpAnswers {
  /** One for each command that the kernel answered, in their order. */
  readonly answers: readonly (readonly Row[])[];
  /** What it said of the first that it did not, or null. */
  readonly refusal: string | null;
}

/** Runs `ip` once for all commands: starting it takes longer than answering. A refusal is a value; only a missing `ip` throws. */
export function ip(...commands: readonly string[]): Promise<IpAnswers> {
  return new Promise((resolve, reject) => {
    const child = execFile('ip', ['-json', '-force', '-batch', '-'], (error, stdout, stderr) => {
      if (error && (error as NodeJS.ErrnoException).code === 'ENOENT') {
        reject(new BeaconError('ERR_ENGINE', 'The program `ip` is missing: apt-get install iproute2', { cause: error }));
        return;
      }
      const answers = stdout.split('\n').filter((line) => line.startsWith('[') && line.endsWith(']'));
      resolve({ answers: answers.map((line) => rows(line)), refusal: error ? (stderr.trim().split('\n')[0] ?? '') : null });
    });
    child.stdin?.on('error', () => {}); // a missing program is reported above
    child.stdin?.end(`${commands.join('\n')}\n`);
  });
}

/** Older versions print an empty object for each row that was filtered out. */
const rows = (line: string): Row[] => (JSON.parse(line) as Row[]).filter((row) => Object.keys(row).length > 0);
