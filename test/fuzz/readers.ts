/** Everything that reads a recording, each to be given any bytes. */
import { eachPacket, readCapture } from '../../src/capture/capture.ts';
import { createFates } from '../../src/report/decode-fates.ts';
import { jsonOf } from '../../src/report/decode-json.ts';
import { createLife } from '../../src/report/decode-life.ts';
import { lineOf } from '../../src/report/decode-line.ts';
import { treeOf } from '../../src/report/decode-tree.ts';
import { createDecoder } from '../../src/report/decoder.ts';
import { dissect } from '../../src/wire/dissect.ts';
import { readLink } from '../../src/wire/link-header.ts';
import type { Random } from './bend.ts';

type Reader = (file: Uint8Array, random: Random) => Promise<void>;

function* chunks(file: Uint8Array, random: Random): Generator<Uint8Array> {
  for (let at = 0; at < file.length; ) {
    const size = 1 + Math.floor(random() * 5000);
    yield file.slice(at, at + size);
    at += size;
  }
}

/** No terminal escape of a packet or a file may come through. */
const UNPRINTABLE = /[\x00-\x08\x0b-\x1f\x7f]/;

function clean(text: string): void {
  if (UNPRINTABLE.test(text)) throw new Error(`a control character in ${JSON.stringify(text)}`);
}

export const captureReaders: Readonly<Record<string, Reader>> = {
  readCapture: async (file, random) => {
    for await (const item of readCapture(chunks(file, random))) {
      if (item.kind !== 'packet') continue;
      dissect(item.bytes, item.linkType);
      readLink(item.linkType, item.bytes);
    }
  },
  decode: async (file, random) => {
    const decoder = createDecoder();
    const { sight } = decoder;
    const [life, fates] = [createLife(1), createFates()];
    await eachPacket(
      chunks(file, random),
      (slot) => {
        decoder.look(slot);
        clean(lineOf(slot, sight));
        for (const line of treeOf(slot, decoder)) clean(line);
        JSON.parse(jsonOf(slot, sight));
        if (sight.sequence >= 0) fates.answered(sight.run, sight.sequence);
        if (sight.sequence === 1) for (const line of life.saw(slot, sight)) clean(line);
      },
      (item) => {
        if (item.kind === 'custom') decoder.learn(item);
      },
    );
    life.end();
  },
};
