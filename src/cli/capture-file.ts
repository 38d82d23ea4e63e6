/** Recordings that a user names: a file, or `-` for standard input, in chunks. */
import { open } from 'node:fs/promises';
import { BeaconError } from '../error.ts';

const CHUNK = 1 << 18;

/** A chunk's bytes are overwritten two chunks later: what is kept must be copied. Throws BeaconError ERR_FILE. */
export async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    if (file === '-') yield* process.stdin;
    else yield* chunksOfFile(file);
  } catch (cause) {
    if (cause instanceof BeaconError) throw cause;
    throw new BeaconError('ERR_FILE', `Cannot read ${file}: ${(cause as Error).message.replace(/, (open|read).*$/, '')}`, { cause });
  }
}

/** The next chunk is read while the last one is looked at. */
async function* chunksOfFile(file: string): AsyncGenerator<Uint8Array> {
  const handle = await open(file);
  const read = (buffer: Uint8Array): Promise<{ bytesRead: number }> => handle.read(buffer, 0, CHUNK, null);
  let reading: Promise<{ bytesRead: number }> | null = null;
  try {
    let [now, next, spare] = [new Uint8Array(CHUNK), new Uint8Array(CHUNK), new Uint8Array(CHUNK)];
    for (reading = read(now); ; ) {
      const { bytesRead } = await reading;
      reading = null;
      if (bytesRead === 0) return;
      reading = read(next);
      yield now.subarray(0, bytesRead);
      [now, next, spare] = [next, spare, now];
    }
  } finally {
    await reading?.catch(() => {}); // a file that is closed while it is read fails somewhere else
    await handle.close();
  }
}
