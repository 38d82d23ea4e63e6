/** What `--write` may name: a file, and none that the same command reads, since it is emptied before the first packet. */
import { type Stats, statSync } from 'node:fs';
import { BeaconError } from '../error.ts';

/** `read`: the files that the command is given, each with its option or name in the synopsis. Throws BeaconError ERR_USAGE. */
export function checkWriteTarget(write: string | undefined, read: Readonly<Record<string, unknown>>): void {
  if (write === undefined) return;
  if (write === '' || write === '-')
    throw new BeaconError('ERR_USAGE', `--write "${write}" is no file's name: a recording goes to a file, such as run.pcapng`);
  const target = found(write);
  if (target === null || !target.isFile()) return;
  for (const [what, file] of Object.entries(read)) {
    const source = typeof file === 'string' ? found(file) : null;
    if (source === null || source.dev !== target.dev || source.ino !== target.ino) continue;
    throw new BeaconError('ERR_USAGE', `--write ${write} would empty ${what} ${file}, which is read: give another name`);
  }
}

function found(file: string): Stats | null {
  return statSync(file, { throwIfNoEntry: false }) ?? null;
}
