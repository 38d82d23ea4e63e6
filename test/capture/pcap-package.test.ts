/** The offline reader of the npm package pcap, which is libpcap's, finds the same bytes and times in every file that it can read. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pcapHeader, pcapRecord } from '../../src/capture/pcap.ts';
import { interfaceBlock, packetBlock, pcapngHeader } from '../../src/capture/pcapng-write.ts';
import type { PacketRecord } from '../../src/capture/record.ts';
import { packageVersion } from '../../src/host/optional-package.ts';
import { skip } from '../skip.ts';
import { packets } from './arbitrary.ts';
import { inFolder, joined, readItems, save } from './read.ts';

/** As far as it is used here. */
interface Session {
  on(event: 'packet', listener: (packet: { buf: Buffer; header: Buffer }) => void): void;
  on(event: 'complete', listener: () => void): void;
}
interface Pcap {
  createOfflineSession(file: string): Session;
}

interface Seen {
  readonly timeUs: bigint;
  readonly length: number;
  readonly hex: string;
}

const FOLDERS = ['fixtures/captures', 'fixtures/captures-plain', 'fixtures/recordings'];
const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name))
    .map((name) => join(folder, name)),
);

const file = (name: string): Uint8Array => Uint8Array.from(name.endsWith('.gz') ? gunzipSync(readFileSync(name)) : readFileSync(name));

/** What the package tells; `refused` holds libpcap's words where it does not open the file. */
async function theirs(pcap: Pcap, name: string): Promise<{ seen: Seen[]; refused: string | null }> {
  const seen: Seen[] = [];
  try {
    const session = pcap.createOfflineSession(name);
    session.on('packet', ({ buf, header }) => {
      const [seconds, micros, captured, length] = [0, 4, 8, 12].map((at) => header.readUInt32LE(at)) as [number, number, number, number];
      seen.push({ timeUs: BigInt(seconds) * 1_000_000n + BigInt(micros), length, hex: buf.toString('hex', 0, captured) });
    });
    await new Promise<void>((resolve) => session.on('complete', resolve));
    return { seen, refused: null };
  } catch (error) {
    return { seen, refused: (error as Error).message };
  }
}

/** Why libpcap tells other packets than we do. */
const APART: Readonly<Record<string, RegExp>> = {
  "libpcap takes AIX's nanoseconds for microseconds": /aix\.pcap$/,
  'libpcap does not know the magic': /ixia-(hardware|software)\.pcap$/,
  "libpcap takes it for the standard format, and reads what the variant's records have more as packet bytes": /(nokia|redhat|suse)\.pcap$/,
};
const apart = (name: string): boolean => Object.values(APART).some((pattern) => pattern.test(name));

/** libpcap reads a file up to the first interface of another link type. */
const linkTypes = async (bytes: Uint8Array): Promise<Set<number>> =>
  new Set((await readItems([bytes])).flatMap((item) => (item.kind === 'interface' ? [item.linkType] : [])));

function claims(pcap: Pcap): void {
  for (const name of files.filter((one) => !apart(one)))
    test(`${name}: the same bytes, lengths and microseconds`, () =>
      inFolder(async (folder) => {
        const bytes = file(name);
        const { seen, refused } = await theirs(pcap, save(folder, 'capture', bytes));
        const mine = await ours(bytes);
        assert.is(refused, null);
        if ((await linkTypes(bytes)).size < 2) assert.equal(seen, mine);
        else assert.equal(seen, mine.slice(0, seen.length));
      }));

  test('files that hold one kind of link are read to their end, and there are enough of them', async () => {
    const whole = await Promise.all(files.filter((name) => !apart(name)).map(async (name) => (await linkTypes(file(name))).size < 2));
    assert.ok(whole.filter(Boolean).length >= 25, `${whole.filter(Boolean).length}`);
  });

  for (const [reason, pattern] of Object.entries(APART))
    test(`a variant is apart: ${reason}`, () =>
      inFolder(async (folder) => {
        const names = files.filter((name) => pattern.test(name));
        assert.ok(names.length > 0);
        for (const name of names) {
          const { seen } = await theirs(pcap, save(folder, 'capture', file(name)));
          assert.not.equal(seen, await ours(file(name)), `${name} needs no exception any more`);
        }
      }));

  test('whatever we write, as pcap or pcapng, is read the same', () =>
    inFolder((folder) =>
      fc.assert(
        fc.asyncProperty(packets, fc.boolean(), async (some, isNew) => {
          const bytes = joined(isNew ? pcapng(some) : [pcapHeader(1), ...some.map(pcapRecord)]);
          const { seen, refused } = await theirs(pcap, save(folder, 'generated', bytes));
          assert.is(refused, null);
          assert.equal(seen, some.map(seenOf));
        }),
        { numRuns: 200 },
      ),
    ));
}

const pcapng = (some: readonly PacketRecord[]): Uint8Array[] => [
  pcapngHeader({ application: 'test' }),
  interfaceBlock({ name: 'eth0', linkType: 1 }),
  ...some.map((one) => packetBlock(0, one)),
];

const seenOf = ({ timeNs, originalLength, bytes }: PacketRecord): Seen => ({
  timeUs: timeNs / 1000n,
  length: originalLength,
  hex: Buffer.from(bytes).toString('hex'),
});

const ours = async (bytes: Uint8Array): Promise<Seen[]> =>
  (await readItems([bytes])).flatMap((item) => (item.kind === 'packet' ? [seenOf(item)] : []));

if (packageVersion('pcap') === null) skip('the package pcap reads the same', 'the package is not built');
else claims(createRequire(import.meta.url)('pcap') as Pcap);

test.run();
