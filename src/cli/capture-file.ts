/** Recordings that a user names: a file, or `-` for standard input, in chunks. */
import { fileChunks } from '../capture/file-chunks.ts';
import { BeaconError } from '../error.ts';

/** A chunk's bytes are overwritten two chunks later: what is kept must be copied. Throws BeaconError ERR_FILE. */
export async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    if (file === '-') yield* process.stdin;
    else yield* fileChunks(file);
  } catch (cause) {
    if (cause instanceof BeaconError) throw cause;
    throw new BeaconError('ERR_FILE', `Cannot read ${file}: ${(cause as Error).message.replace(/, (open|read).*$/, '')}`, { cause });
  }
}
