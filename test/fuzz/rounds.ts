/** Bends captures and packets and puts them through every reader: none may throw, hang or grow. A round is one bent file, made of a seed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bend, randomFrom } from './bend.ts';
import { captureReaders } from './readers.ts';

/** A seed that failed once is tried in every run from then on. */
const SEEDS: readonly number[] = [1, 2, 3];
/** Of one bent file, in all readers; an honest one takes a hundredth. */
const LONGEST_MS = 5000;
const MOST_GROWTH_MB = 200;

const FOLDERS = ['fixtures/captures', 'fixtures/captures-plain'];

/** Throws Error with the seed that failed. Returns what was done, as a sentence. */
export async function fuzz(seconds: number, first: number): Promise<string> {
  const contents = FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name))
      .map((name) => Uint8Array.from(readFileSync(join(folder, name)))),
  );
  const [half, ends] = [0.5, 1].map((part) => Date.now() + part * seconds * 1000) as [number, number];
  for (const seed of SEEDS) await round(contents, seed);
  let before = Number.POSITIVE_INFINITY; // of the second half: what is made once is made by then
  let count = 0;
  for (let seed = first; Date.now() < ends; seed += 1) {
    await round(contents, seed);
    count += 1;
    if (before === Number.POSITIVE_INFINITY && Date.now() >= half) before = memoryMb();
  }
  const grown = memoryMb() - before;
  if (grown > MOST_GROWTH_MB) throw new Error(`Memory grew by ${grown.toFixed(0)} MB in ${count} files, from seed ${first}`);
  const readers = Object.keys(captureReaders).length;
  return `${count} bent files from seed ${first} read by ${readers} readers, nothing thrown; memory grew by ${grown.toFixed(0)} MB`;
}

async function round(contents: readonly Uint8Array[], seed: number): Promise<void> {
  const random = randomFrom(seed);
  const file = bend(contents[Math.floor(random() * contents.length)]!, random);
  const started = performance.now();
  for (const [name, read] of Object.entries(captureReaders)) {
    try {
      await read(file, random);
    } catch (cause) {
      throw new Error(`seed ${seed}: ${name} threw ${(cause as Error).stack}`, { cause });
    }
  }
  const tookMs = performance.now() - started;
  if (tookMs > LONGEST_MS) throw new Error(`seed ${seed}: took ${tookMs.toFixed(0)} ms`);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What is held, not what waits to be collected: each decoder has a table of 37 MB. */
function memoryMb(): number {
  collectGarbage();
  return process.memoryUsage().rss / 2 ** 20;
}
