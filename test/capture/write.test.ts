// limit: 120 s
/** Writing: what is written reads back, and Wireshark's tools see the same without a complaint. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { pcapHeader, pcapRecord } from '../../src/capture/pcap.ts';
import { customBlock, interfaceBlock, ownBlock, packetBlock, pcapngHeader, statisticsBlock } from '../../src/capture/pcapng-write.ts';
import type { PacketRecord } from '../../src/capture/record.ts';
import { skip } from '../skip.ts';
import { packets } from './arbitrary.ts';
import { inFolder, joined, output, packet, readAll, readItems, save, toolMissing } from './read.ts';

const eth0 = interfaceBlock({ name: 'eth0', linkType: 1 });
const pcapng = (records: readonly PacketRecord[]): Uint8Array =>
  joined([pcapngHeader({ application: 'beacon 1' }), eth0, ...records.map((record) => packetBlock(0, record))]);
const pcap = (records: readonly PacketRecord[]): Uint8Array => joined([pcapHeader(1), ...records.map(pcapRecord)]);
const seen = (records: readonly PacketRecord[]): unknown[] => records.map((record) => ({ kind: 'packet', ...record }));
/** What a classic file has no place for is gone. */
const plain = (records: readonly PacketRecord[]): unknown[] =>
  seen(records.map((record) => ({ ...record, interface: null, comment: null, direction: null })));

test('what pcapng holds reads back', async () => {
  await fc.assert(fc.asyncProperty(packets, async (records) => assert.equal(await readAll([pcapng(records)]), seen(records))));
});

test('what pcap holds reads back, but for interface and comment', async () => {
  await fc.assert(fc.asyncProperty(packets, async (records) => assert.equal(await readAll([pcap(records)]), plain(records))));
});

test('custom content of ours reads back with its exact length', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 50 }), async (content) => {
      const file = joined([pcapngHeader({ application: '' }), ownBlock(content)]);
      assert.equal(await readAll([file]), [{ kind: 'custom', enterpriseNumber: 32_473, bytes: Uint8Array.from(content) }]);
    }),
  );
});

test('custom content reads back with its padding', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(0xffffffff).filter((number) => number !== 32_473),
      fc.uint8Array({ maxLength: 50 }),
      async (enterpriseNumber, content) => {
        const bytes = new Uint8Array(Math.ceil(content.length / 4) * 4);
        bytes.set(content);
        const file = joined([pcapngHeader({ application: '' }), customBlock(enterpriseNumber, content)]);
        assert.equal(await readAll([file]), [{ kind: 'custom', enterpriseNumber, bytes }]);
      },
    ),
  );
});

test('packets of two interfaces keep their names and link types', async () => {
  const [wired, raw] = [packet({ interface: 'eth0' }), packet({ interface: 'tun0', linkType: 101 })];
  const file = joined([
    pcapngHeader({ application: 'beacon 1' }),
    eth0,
    packetBlock(0, wired),
    interfaceBlock({ name: 'tun0', linkType: 101, filter: 'icmp', snapLength: 96 }),
    packetBlock(1, raw),
    statisticsBlock({ interfaceIndex: 1, timeNs: 5n, received: 2n, dropped: 1n }),
    packetBlock(0, wired),
  ]);
  assert.equal(await readItems([file]), [
    { kind: 'section', application: 'beacon 1', comment: null },
    { kind: 'interface', index: 0, name: 'eth0', linkType: 1, filter: null },
    ...seen([wired]),
    { kind: 'interface', index: 1, name: 'tun0', linkType: 101, filter: 'icmp' },
    ...seen([raw]),
    { kind: 'statistics', interfaceIndex: 1, timeNs: 5n, received: 2n, dropped: 1n },
    ...seen([wired]),
  ]);
});

const range = (call: () => unknown, message: RegExp): void =>
  assert.throws(call, (error: unknown) => error instanceof RangeError && message.test(error.message));

test('what no file can hold is refused with the value', () => {
  range(() => packetBlock(-1, packet({})), /interfaceIndex .* got -1/);
  range(() => packetBlock(0, packet({ timeNs: 1n << 64n })), /2554, got 18446744073709551616/);
  range(() => packetBlock(0, packet({ bytes: new Uint8Array(262_145) })), /262144 bytes, got 262145/);
  range(() => packetBlock(0, packet({ comment: 'x'.repeat(65_536) })), /65535 bytes, got 65536/);
  range(() => pcapRecord(packet({ timeNs: -1n })), /1970 to 2106, got -1/);
  range(() => pcapRecord(packet({ timeNs: 4_294_967_296_000_000_000n })), /1970 to 2106/);
  range(() => pcapRecord(packet({ originalLength: 1.5 })), /originalLength .* got 1.5/);
  range(() => pcapHeader(65_536), /linkType .* got 65536/);
  range(() => interfaceBlock({ name: 'x', linkType: Number.NaN }), /linkType .* got NaN/);
  range(() => customBlock(2 ** 32, new Uint8Array(0)), /enterpriseNumber/);
  range(() => customBlock(1, new Uint8Array(16 * 1024 * 1024)), /use several/);
  range(() => statisticsBlock({ interfaceIndex: 0, timeNs: 0n, received: -1n, dropped: 0n }), /got -1/);
});

const tools = (title: string, run: (folder: string) => Promise<void>): void => {
  const missing = ['tshark', 'capinfos', 'editcap'].find(toolMissing);
  if (missing !== undefined) skip(title, `needs ${missing}`);
  else test(title, () => inFolder(run));
};

/** Frames that dissect as something, of every length near the padding's edges. */
const many: PacketRecord[] = Array.from({ length: 100 }, (_, i) =>
  packet({
    bytes: Uint8Array.from({ length: 14 + (i % 90) }, (_, at) => (at === 12 ? 8 : at === 13 ? 6 : (i * 7 + at) & 0xff)),
    timeNs: 1_700_000_000_000_000_000n + BigInt(i) * 1_000_000_007n,
    originalLength: 14 + (i % 90) + (i % 3),
    interface: 'eth0',
    comment: i % 5 === 0 ? `probe ${i}: zwölf → dreißig` : null,
  }),
);
const dotted = (timeNs: bigint): string => timeNs.toString().replace(/(\d{9})$/, '.$1');

tools('tshark reads the time, lengths, interface and comment that were written', async (folder) => {
  const fields = ['frame.time_epoch', 'frame.len', 'frame.cap_len', 'frame.interface_name', 'frame.comment'];
  const words = fields.flatMap((field) => ['-e', field]);
  const rows = (file: string): string[] =>
    output('tshark', '-n', '-r', file, '-T', 'fields', ...words)
      .split('\n')
      .slice(0, -1);
  const row = (record: PacketRecord, ...rest: string[]): string =>
    [dotted(record.timeNs), record.originalLength, record.bytes.length, ...rest].join('\t');
  assert.equal(
    rows(save(folder, 'ours.pcapng', pcapng(many))),
    many.map((record) => row(record, 'eth0', record.comment ?? '')),
  );
  assert.equal(
    rows(save(folder, 'ours.pcap', pcap(many))),
    many.map((record) => row(record, '', '')),
  );
});

tools('tshark sees the bytes that were written', async (folder) => {
  const file = save(folder, 'ours.pcapng', pcapng(many));
  const trees: { _source: { layers: { frame_raw: [string] } } }[] = JSON.parse(output('tshark', '-n', '-r', file, '-T', 'jsonraw'));
  assert.equal(
    trees.map((tree) => tree._source.layers.frame_raw[0]),
    many.map(({ bytes }) => Buffer.from(bytes).toString('hex')),
  );
});

tools('capinfos counts what was written, and names application, interface, filter and statistics', async (folder) => {
  const file = joined([
    pcapngHeader({ application: 'beacon 1.2.3' }),
    interfaceBlock({ name: 'eth0', linkType: 1, filter: 'icmp or ip proto 4', snapLength: 2048 }),
    customBlock(99_999, Uint8Array.of(1, 2, 3, 4, 5)),
    ...many.map((record) => packetBlock(0, record)),
    statisticsBlock({ interfaceIndex: 0, timeNs: 1_700_000_001_000_000_000n, received: 321n, dropped: 21n }),
  ]);
  const said = output('capinfos', '-M', save(folder, 'ours.pcapng', file));
  for (const line of [
    /File type: .*pcapng\n/,
    /Number of packets: +100\n/,
    /File timestamp precision: +nanoseconds \(9\)/,
    /Capture application: +beacon 1\.2\.3\n/,
    /Name = eth0\n/,
    /Encapsulation = Ethernet \(1 - ether\)/,
    /Capture length = 2048\n/,
    /Filter string = icmp or ip proto 4\n/,
    /Number of stat entries = 1\n/,
    /Number of packets = 100\n/,
  ]) {
    assert.match(said, line);
  }
});

tools("tshark's own dissector of the file format finds each field of each block", async (folder) => {
  const file = joined([
    pcapngHeader({ application: 'beacon 1.2.3' }),
    eth0,
    customBlock(99_999, Uint8Array.of(1, 2, 3, 4, 5)),
    packetBlock(
      0,
      packet({ bytes: new Uint8Array(21), timeNs: 1_700_000_001_000_000_001n, originalLength: 22, comment: 'why', direction: 'outbound' }),
    ),
    statisticsBlock({ interfaceIndex: 0, timeNs: 1_700_000_001_000_000_002n, received: 321n, dropped: 21n }),
  ]);
  const tree = output('tshark', '-X', 'read_format:MIME Files Format', '-V', '-r', save(folder, 'ours.pcapng', file));
  const lines = tree.split('\n').map((line) => line.trim());
  let at = 0;
  for (const expected of [
    'Byte Order Magic: 4d3c2b1a (Little-endian)',
    'Major Version: 1',
    'Section Length: -1',
    'User Application: beacon 1.2.3',
    'Link Type: ETHERNET (1)',
    'Option: Timestamp Resolution = 10^-9 (nanoseconds)',
    'Block Type: Unknown (0x00000bad)', // tshark 4.0 knows no custom blocks
    'Block Length: 24',
    'Block Type: Enhanced Packet Block (0x00000006)',
    '[Timestamp: Nov 14, 2023 22:13:21.000000001 UTC]',
    'Captured Length: 21',
    'Packet Length: 22',
    'Comment: why',
    '.... .... .... ..10 = Direction: Outbound (0x2)',
    'Block Type: Interface Statistics Block (0x00000005)',
    '[Timestamp: Nov 14, 2023 22:13:21.000000002 UTC]',
    'Number of Received Packets: 321',
    'Number of Dropped Packets: 21',
  ]) {
    at = lines.indexOf(expected, at) + 1;
    assert.ok(at > 0, `no "${expected}" (in this order) in ${tree}`);
  }
  assert.not.match(tree, /Malformed|Expert Info/);
});

tools('each kind of file that editcap makes of ours holds our packets', async (folder) => {
  const ours = save(folder, 'ours.pcapng', pcapng(many));
  const micro = many.map((record) => ({ ...record, timeNs: record.timeNs - (record.timeNs % 1000n) }));
  const expected = { pcap: plain(micro), nsecpcap: plain(many), modpcap: plain(micro), pcapng: seen(many) };
  for (const [kind, items] of Object.entries(expected)) {
    output('editcap', '-F', kind, ours, `${folder}/${kind}`);
    assert.equal(await readAll([readFileSync(`${folder}/${kind}`)]), items, kind);
  }
});

test.run();
