/** Recordings that a user names: a file, or `-` for standard input, in chunks. */
import { open } from 'node:fs/promises';
import { BeaconError } from '../error.ts';

const CHUNK = 1 << 18;

/** One buffer serves all chunks but the first: what is kept of one must be copied. Throws BeaconError ERR_FILE. */
export async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    if (file === '-') yield* process.stdin;
    else yield* chunksOfFile(file);
  } catch (cause) {
    if (cause instanceof BeaconError) throw cause;
    throw new BeaconError('ERR_FILE', `Cannot read ${file}: ${(cause as Error).message.replace(/, (open|read).*$/, '')}`, { cause });
  }
}

async function* chunksOfFile(file: string): AsyncGenerator<Uint8Array> {
  const handle = await open(file);
  try {
    let buffer = new Uint8Array(CHUNK);
    for (let chunks = 0; ; chunks += 1) {
      if (chunks === 1) buffer = new Uint8Array(CHUNK); // the first may be held until it is known what file this is
      const { bytesRead } = await handle.read(buffer, 0, CHUNK, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
