/** The beginning of a recording: enough of it to tell gzip, and the variants of pcap, in whatever chunks it comes. */
import { windowOf } from './format.ts';
import { inflated, isGzip } from './gunzip.ts';
import { openingLength } from './pcap.ts';

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** The recording's own bytes, decompressed; the first chunk holds enough to tell what it is. */
export async function* opened(chunks: Chunks): AsyncGenerator<Uint8Array> {
  yield* gathered(withFirst(chunks), (bytes) => openingLength(windowOf(bytes)));
}

/** Compression shows in two bytes. */
async function* withFirst(chunks: Chunks): AsyncGenerator<Uint8Array> {
  const source = gathered(chunks, () => 2);
  try {
    const first = await source.next();
    if (first.done) return;
    const all = startingWith(first.value, source);
    yield* isGzip(first.value) ? inflated(all) : all;
  } finally {
    await source.return(undefined);
  }
}

async function* startingWith(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** Joins the first chunks until they are as long as `wanted` says of them, or the source ends; then hands on the rest as it comes. */
async function* gathered(chunks: Chunks, wanted: (bytes: Uint8Array) => number): AsyncGenerator<Uint8Array> {
  let first: Uint8Array | null = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (first === null) {
      yield chunk;
    } else {
      first = first.length === 0 ? chunk : joined(first, chunk);
      if (first.length >= wanted(first)) {
        yield first;
        first = null;
      }
    }
  }
  if (first !== null && first.length > 0) yield first;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}
