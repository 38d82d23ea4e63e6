/** Compressed recordings: gzip (RFC 1952) is undone as the chunks come. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** What breaks off a compressed stream; all that was whole before it has been handed out. */
export class TornGzip extends Error {}

/** The chunks as they are, or decompressed where the first one (of at least 2 bytes) begins a gzip file. */
export async function* gunzipped(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  first: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const rest = (async function* () {
    yield first;
    yield* chunks;
  })();
  if (!isGzip(first)) yield* rest;
  else yield* inflated(rest);
}

async function* inflated(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const source = Readable.from(chunks, { objectMode: false, highWaterMark: 1 << 16 });
  const gunzip = source.pipe(createGunzip({ chunkSize: 1 << 18 }));
  let broken: Error | null = null; // of the source: that is no damage of the file
  source.on('error', (error) => {
    broken = error;
    gunzip.destroy(error);
  });
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
  } catch (error) {
    throw broken ?? new TornGzip((error as Error).message);
  } finally {
    source.destroy();
  }
}
