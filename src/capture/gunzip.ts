/** Compressed recordings: gzip (RFC 1952) is undone as the chunks come. */
import { createGunzip, type Gunzip } from 'node:zlib';

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Breaks off a compressed stream that is cut or damaged; what was whole before it has been handed out. */
export class TornGzip extends Error {}

/** So much goes in at a time: what comes out of it waits in memory, at most a thousand times as much (RFC 1951). */
const PIECE = 1 << 14;

export async function* inflated(chunks: Chunks): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  const out: Uint8Array[] = [];
  gunzip.on('data', (bytes: Uint8Array) => out.push(bytes));
  gunzip.on('error', () => {}); // the call that it arose in is told
  try {
    for await (const chunk of chunks) {
      for (let from = 0; from < chunk.length; from += PIECE) {
        await done(gunzip, (tell) => gunzip.write(chunk.subarray(from, from + PIECE), tell));
        yield* out.splice(0);
      }
    }
    await done(gunzip, (tell) => gunzip.once('end', () => tell()).end()); // it may still fail after `finish`
    yield* out.splice(0);
  } finally {
    gunzip.destroy();
  }
}

function done(gunzip: Gunzip, call: (tell: (error?: Error | null) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new TornGzip(error.message));
    gunzip.once('error', fail);
    call((error) => {
      gunzip.off('error', fail);
      if (error) fail(error);
      else resolve();
    });
  });
}
