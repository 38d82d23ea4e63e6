/**
 * Bends captures and packets and puts them through every reader: none may throw, hang or grow. `npm run fuzz [-- SECONDS [SEED]]`; 60 s,
 * and a seed that is printed, unless they are given. A seed that failed belongs into SEEDS, which every run begins with.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bend, randomFrom } from './bend.ts';
import { captureReaders } from './readers.ts';

const SEEDS: readonly number[] = [1, 2, 3];
/** Of one bent file, in all readers; an honest one takes a hundredth. */
const LONGEST_MS = 5000;
const MOST_GROWTH_MB = 200;

const [seconds = 60, first = Date.now() & 0x7fffffff] = process.argv.slice(2).map(Number);
const FOLDERS = ['fixtures/captures', 'fixtures/captures-plain'];
const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name))
    .map((name) => join(folder, name)),
);
const contents = files.map((file) => Uint8Array.from(readFileSync(file)));

async function once(seed: number): Promise<void> {
  const random = randomFrom(seed);
  const file = bend(contents[Math.floor(random() * contents.length)]!, random);
  const started = performance.now();
  for (const [name, read] of Object.entries(captureReaders)) {
    try {
      await read(file, random);
    } catch (error) {
      throw new Error(`seed ${seed}: ${name} threw ${(error as Error).stack}`);
    }
  }
  const tookMs = performance.now() - started;
  if (tookMs > LONGEST_MS) throw new Error(`seed ${seed}: took ${tookMs.toFixed(0)} ms`);
}

const memoryMb = (): number => process.memoryUsage().rss / 2 ** 20;

const ends = Date.now() + seconds * 1000;
console.log(`fuzzing for ${seconds} s from seed ${first}`);
for (const seed of SEEDS) await once(seed);
const before = memoryMb();
let runs = 0;
for (let seed = first; Date.now() < ends; seed += 1) {
  await once(seed);
  runs += 1;
}
const grown = memoryMb() - before;
if (grown > MOST_GROWTH_MB) throw new Error(`Memory grew by ${grown.toFixed(0)} MB in ${runs} files`);
console.log(
  `${runs} bent files read by ${Object.keys(captureReaders).length} readers, nothing thrown; memory grew by ${grown.toFixed(0)} MB`,
);
