/** A file in chunks, for readers that are done with one when they ask for the next but one. */
import { open } from 'node:fs/promises';

const CHUNK = 1 << 18;

/** A chunk's bytes are overwritten two chunks later: what is kept must be copied. The next is read while the last one is looked at. */
export async function* fileChunks(file: string): AsyncGenerator<Uint8Array> {
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
