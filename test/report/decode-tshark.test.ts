// limit: 180 s
/** The decoder against tshark: every header field of every packet, of all captures at hand and of ten thousand packets made for it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eachPacket } from '../../src/capture/capture.ts';
import { pcapHeader, pcapRecord } from '../../src/capture/pcap.ts';
import { jsonOf } from '../../src/report/decode-json.ts';
import { createDecoder } from '../../src/report/decoder.ts';
import { writeEthernet } from '../../src/wire/link.ts';
import { toolMissing } from '../capture/read.ts';
import { skip } from '../skip.ts';
import { packets } from './packets.ts';
import { type DecodedPacket, differences, tsharkRows } from './tshark-fields.ts';

async function decodedLines(file: string): Promise<string[]> {
  const decoder = createDecoder();
  const lines: string[] = [];
  const learn = (item: { kind: string }): void => {
    if (item.kind === 'custom') decoder.learn(item as Parameters<typeof decoder.learn>[0]);
  };
  await eachPacket(
    [readFileSync(file)],
    (slot) => {
      decoder.look(slot);
      lines.push(jsonOf(slot, decoder.sight));
    },
    learn,
  );
  return lines;
}

async function compared(file: string, note = ''): Promise<number> {
  const [rows, lines] = [tsharkRows(file), await decodedLines(file)];
  assert.is(lines.length, rows.length, 'as many packets');
  const wrong: string[] = [];
  lines.forEach((line, i) => {
    const packet = JSON.parse(line) as DecodedPacket;
    const found = differences(rows[i]!, packet, line);
    if (found.length > 0) wrong.push(`packet ${i + 1}:\n  ${found.join('\n  ')}\n  ${line}`);
  });
  assert.is(wrong.length, 0, note + wrong.slice(0, 5).join('\n'));
  return lines.length;
}

const FOLDERS = ['fixtures/captures', 'fixtures/captures-plain'];
const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name))
    .map((name) => join(folder, name)),
);
/** Bytes that tshark shows the beginnings of, where nothing whole stands; and link headers that it does not read. */
const APART: ReadonlySet<string> = new Set(['strange.pcap', 'juniper.pcap', 'unknown.pcap', 'null.pcap', 'checked.pcap']);

const COUNT = 10_000;

/** In an Ethernet frame: what is raw, tshark takes for PPP where it looks so. */
const record = (packet: Uint8Array, i: number): Uint8Array => {
  const etherType = packet[0]! >> 4 === 6 ? 0x86dd : 0x0800;
  const header = writeEthernet({ source: '02:00:00:00:00:01', destination: '02:00:00:00:00:02', etherType });
  const bytes = Uint8Array.from([...header, ...packet]);
  const timeNs = 1_700_000_000_000_000_000n + BigInt(i);
  return pcapRecord({ bytes, linkType: 1, timeNs, originalLength: bytes.length, interface: null, comment: null, direction: null });
};

const missing = toolMissing('tshark');
if (missing) skip('the decoder agrees with tshark', 'needs tshark');
else {
  for (const file of files.filter((name) => !APART.has(name.split('/').at(-1)!))) {
    test(`${file} is to decode what it is to tshark`, async () => {
      assert.ok((await compared(file)) > 0);
    });
  }

  test('ten thousand packets of nested headers, errors and quotes are to decode what they are to tshark', async () => {
    const seed = Date.now() & 0x7fffffff;
    const made = fc.sample(packets, { numRuns: COUNT, seed });
    const folder = mkdtempSync(join(tmpdir(), 'beacon-decode-'));
    try {
      const file = join(folder, 'made.pcap');
      writeFileSync(file, Buffer.concat([pcapHeader(1), ...made.map(record)]));
      assert.is(await compared(file, `seed ${seed}: `), COUNT);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test.run();
