/** Records of single packets: what they say, and that each packet is in exactly one count. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isSprayed } from '../../src/engine/spray-sequence.ts';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import { rootMissing, skip } from '../skip.ts';
import { type Frame, frame, SHAPES, sendFrames } from './matcher-frames.ts';
import { FAR, MATCHED, matcherLab, NEAR, planOf, RUN, SENDING } from './matcher-lab.ts';
import { matcherIn } from './matcher-process.ts';

const reason = rootMissing();
const asRoot = (title: string, body: () => Promise<void>): void => (reason ? skip(title, reason) : void test(title, body));

/** Errors that quote these packets, as scapy writes them; a quote is cut after so many bytes. */
function errors(quoting: readonly { packet: Uint8Array; family: 4 | 6; most: number }[]): Frame[] {
  const script = `
import sys, json
from scapy.all import Ether, IP, IPv6, ICMP, ICMPv6TimeExceeded, Raw
for packet, family, most in json.load(sys.stdin):
    quote = Raw(bytes.fromhex(packet)[:most])
    link = Ether(dst="02:00:00:00:55:02", src="02:00:00:00:55:01")
    if family == 4:
        print(bytes(link / IP(src="192.0.2.7", dst="10.55.0.2") / ICMP(type=11, code=0) / quote).hex())
    else:
        print(bytes(link / IPv6(src="2001:db8::7", dst="fd55::2") / ICMPv6TimeExceeded(code=0) / quote).hex())`;
  const asked = JSON.stringify(quoting.map(({ packet, family, most }) => [Buffer.from(packet).toString('hex'), family, most]));
  const printed = execFileSync('/usr/bin/python3', ['-c', script], { input: asked, encoding: 'utf8' });
  return printed
    .trim()
    .split('\n')
    .map((line) => ({ bytes: Uint8Array.from(Buffer.from(line, 'hex')), identityAt: 0, ageNs: 0 }));
}

/** As it lies in memory. */
const ROUTER: readonly number[] = [...new Int32Array(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7).buffer)];

asRoot('an ICMP error that quotes a probe is told with who sent it, and one that quotes too little is not', async () => {
  await using _net = matcherLab();
  await using near = matcherIn(NEAR);
  const [plain, nested, nested6] = [SHAPES[0]!, SHAPES[1]!, SHAPES[2]!];
  const packetOf = (shape: typeof plain, sequence: number): Uint8Array =>
    frame(shape, RUN, sequence % 4, sequence, 0).bytes.subarray(shape.link.length);
  await near.ask('evidence', { ...planOf(4, 1), device: MATCHED });
  const told = errors([
    { packet: packetOf(nested, 9), family: 4, most: 548 },
    { packet: packetOf(nested6, 11), family: 6, most: 1232 },
    { packet: packetOf(plain, 13), family: 4, most: 28 }, // what RFC 792 asks for
  ]);
  await sendFrames(FAR, SENDING, told);
  const records = await near.until('records', null, ({ seen }) => seen === told.length);
  assert.equal([records.kinds, records.others], [{ 16: 2 }, 1]);
  const words = records.firsts[16]!;
  assert.equal([words[4], words[5], words[6]], [9 % 4, 9, 16 | (11 << 8) | (2 << 24)]);
  assert.equal(words.slice(8), ROUTER);
});

asRoot('a landing is told with its path, its number, and both times', async () => {
  await using _net = matcherLab();
  await using near = matcherIn(NEAR);
  await near.ask('evidence', { ...planOf(4, 1), device: MATCHED });
  const beforeNs = BigInt(Date.now()) * 1_000_000n;
  await sendFrames(FAR, SENDING, [frame(SHAPES[4]!, RUN, 3, 7, 5e9)]);
  const { firsts } = await near.until('records', null, ({ stored }) => stored === 1);
  const afterNs = BigInt(Date.now() + 1) * 1_000_000n;
  const [arrivedNs, sentNs] = new BigUint64Array(Int32Array.from(firsts[5]!.slice(0, 4)).buffer);
  assert.equal(firsts[5]!.slice(4, 7), [3, 7, 5 | (2 << 24)]);
  assert.ok(arrivedNs! >= beforeNs && arrivedNs! <= afterNs);
  assert.ok(arrivedNs! - sentNs! >= 5_000_000_000n && arrivedNs! - sentNs! <= 5_000_000_000n + (afterNs - beforeNs));
});

asRoot('where records have room for 64 only, what finds none is counted, and nobody waits', async () => {
  await using _net = matcherLab();
  await using near = matcherIn(NEAR);
  const frames = Array.from({ length: 20_000 }, (_, sequence) => sequence)
    .filter((sequence) => isSprayed(RUN.idKey, sequence))
    .map((sequence) => ({ ...frame(SHAPES[1]!, RUN, sequence % 4, sequence, 0), identityAt: 0 }));
  await near.ask('evidence', { ...planOf(4, 1), device: MATCHED, room: 64 });
  const sent = await sendFrames(FAR, SENDING, frames, 10);
  const records = await near.until('records', null, ({ seen, dropped }) => seen + dropped === sent);
  assert.is(records.seen + records.dropped, sent);
  assert.is(records.stored + records.full, records.seen);
  assert.ok(records.full > 0);
  const read = await near.until('records', null, ({ kinds, stored }) => kinds[5] === stored);
  assert.equal(read.kinds, { 5: read.stored });
});

/** Several that nobody holds or closes are collected, and the process ends. */
const UNCLOSED = `
const { SprayEvidence } = require(process.argv[1]);
const run = { run: 1, key: new Uint32Array(4), idKey: 1, cells: 1, templates: 1, tagEvery: 1 };
const words = (count) => new Int32Array(new SharedArrayBuffer(4 * count));
for (let i = 0; i < 20; i += 1)
  new SprayEvidence({ ...run, device: 'lo', filter: 'icmp', bufferBytes: 1 << 20, control: words(16), records: words(12 * 64) }, () => {});
let rounds = 50;
const timer = setInterval(() => { gc(); words(16); if (--rounds === 0) clearInterval(timer); }, 5);
`;

asRoot('evidence that nobody closed ends with its process, collected before or not', () => {
  const argv = ['--expose-gc', '-e', UNCLOSED, join(PACKAGE_ROOT, 'native/build/Release/spray.node')];
  const { status, signal, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  assert.equal([status, signal, stderr], [0, null, '']);
  return Promise.resolve();
});

test.run();
