/**
 * A pcapng file that grows by whole blocks, written in large chunks: what was handed to the kernel outlives us, however we end. A full
 * disk ends it where its last whole block ends.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { BeaconError } from '../../error.ts';

export interface RecordingFile {
  /** Room for so many bytes, as a place in `bytes` at `at`; what is put there counts once `took` is called. */
  readonly page: Page;
  reserve(length: number): void;
  append(block: Uint8Array): void;
  /** Hands all that is kept back to the kernel. */
  flush(): void;
  close(): void;
  /** Why nothing more is written; null: all is well. */
  failure(): BeaconError | null;
  /** Bytes in the file. */
  length(): number;
}

export interface Page {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
}

/** So much is kept back at most; it takes the kernel 0.1 ms. */
const PAGE = 1 << 18;

/** Throws BeaconError ERR_FILE where it cannot be made. A file of that name is replaced. `failing` is called once. */
export function createFile(path: string, failing: () => void): RecordingFile {
  const fd = opened(path);
  const bytes = new Uint8Array(PAGE);
  const page: Page = { bytes, view: new DataView(bytes.buffer), at: 0 };
  let length = 0;
  let failed: BeaconError | null = null;
  let closed = false;

  function write(chunk: Uint8Array): void {
    let written = 0;
    try {
      while (written < chunk.length) written += writeSync(fd, chunk, written);
      length += chunk.length;
      if (fstatSync(fd).nlink === 0) fail('it was removed in the middle of the run, which ends there; nothing is saved');
    } catch (cause) {
      const whole = wholeBlocks(chunk, written);
      length += whole;
      cut();
      const why = (cause as Error).message.replace(/, write$/, '');
      fail(length === 0 ? why : `${why}; the run ends there, and the ${length} bytes before can be replayed`, cause);
    }
  }

  /** Half a block would be told as damage by every reader. A pipe cannot be cut. */
  function cut(): void {
    try {
      ftruncateSync(fd, length);
    } catch {}
  }

  function fail(why: string, cause?: unknown): void {
    if (failed !== null) return;
    failed = new BeaconError('ERR_FILE', `Cannot write to ${path}: ${why}`, { cause });
    failing();
  }

  function flush(): void {
    if (failed === null && page.at > 0) write(bytes.subarray(0, page.at));
    page.at = 0;
  }

  return {
    page,
    reserve(least) {
      if (page.at + least > PAGE) flush();
    },
    append(block) {
      if (page.at + block.length > PAGE) flush();
      if (failed !== null) return;
      if (block.length > PAGE) {
        write(block);
      } else {
        bytes.set(block, page.at);
        page.at += block.length;
      }
    },
    flush,
    close() {
      if (closed) return;
      flush();
      closed = true;
      closeSync(fd);
    },
    failure: () => failed,
    length: () => length,
  };
}

function opened(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (cause) {
    throw new BeaconError('ERR_FILE', `Cannot write to ${path}: ${(cause as Error).message.replace(/, open.*$/, '')}`, { cause });
  }
}

/** Of so many bytes of a chunk of blocks, those that are whole blocks. */
function wholeBlocks(chunk: Uint8Array, written: number): number {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  let at = 0;
  while (at + 8 <= written && at + view.getUint32(at + 4, true) <= written) at += view.getUint32(at + 4, true);
  return at;
}
