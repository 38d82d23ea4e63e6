/** Standard input on disk, for those who read it twice: of any size, and gone with the process, however that ends. */
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BeaconError } from '../error.ts';

export interface Spooled extends AsyncDisposable {
  /** Opens anew each time, though the file has no name. */
  readonly path: string;
}

/** Ends with what has come where the signal does. Throws BeaconError ERR_FILE where the disk has no room. */
export async function spooled(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Spooled> {
  const file = await unlinked();
  const dispose = { [Symbol.asyncDispose]: () => file.close() };
  try {
    for await (const chunk of chunks) {
      if (signal.aborted) break;
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    }
  } catch (error) {
    await file.close();
    throw error instanceof BeaconError ? error : refused(error as Error);
  }
  return { path: `/proc/self/fd/${file.fd}`, ...dispose };
}

/** Without a name from the start, so that not even kill -9 leaves it. */
async function unlinked(): Promise<FileHandle> {
  let folder: string | null = null;
  try {
    folder = await mkdtemp(join(tmpdir(), 'braceroute-'));
    return await open(join(folder, 'input'), 'wx+', 0o600);
  } catch (error) {
    throw refused(error as Error);
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
}

const refused = (cause: Error): BeaconError =>
  new BeaconError(
    'ERR_FILE',
    `Standard input is read twice, and could not be kept in ${tmpdir()}: ${cause.message.replace(/, \w+( .*)?$/, '')}; set TMPDIR, or give a file`,
    { cause },
  );
