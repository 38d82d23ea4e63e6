/** Decodes and matches a recording without a word: a process of its own, so that nothing else is measured. Prints packets a second. */
import { eachPacket } from '../src/capture/capture.ts';
import { chunksOf } from '../src/cli/capture-file.ts';
import { createDecoder } from '../src/report/decoder.ts';

const ROUNDS = 3;
let best = 0;
for (let round = 0; round < ROUNDS; round += 1) {
  const decoder = createDecoder();
  let landed = 0;
  const started = process.hrtime.bigint();
  await eachPacket(
    chunksOf(process.argv[2]!),
    (slot) => {
      decoder.look(slot);
      if (decoder.sight.kind === 'landed') landed += 1;
    },
    () => {},
  );
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (2 * landed !== decoder.sight.number) throw new Error(`${landed} of ${decoder.sight.number} packets landed, which should be half`);
  best = Math.max(best, decoder.sight.number / seconds);
}
console.log(best);
