/** The simulated routers against recorded answers of Linux, byte by byte: test/engine/kernel-answers.json says how they were made. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { simulated } from '../../src/engine/simulated/simulated.ts';
import { parseTopology } from '../../src/topology/parse.ts';

interface Case {
  readonly title: string;
  readonly profile: string;
  readonly sent: string;
  readonly answers: readonly { readonly interface: string; readonly summary: string; readonly frame: string }[];
}

const { cases } = JSON.parse(readFileSync('test/engine/kernel-answers.json', 'utf8')) as { cases: Case[] };

/** The kernel of the recording had no decapsulation; decapsulated packets are in test/engine/simulated.test.ts. */
const topologyOf = (profile: string) =>
  parseTopology(
    `{name: kernel, profile: ${profile}, nodes: {a: {vantage: true}, r: {decapsulates: false}, b: {decapsulates: false}},
      links: [{between: [a, r]}, {between: [r, b], mtu: 1300}]}`,
    'kernel',
  );

/** The kernel draws the IPv4 ID and the IPv6 flow label of its own packets by chance: both, and the checksum over the ID, as zero. */
function comparable(frame: Uint8Array): string {
  const bytes = Buffer.from(frame);
  if (bytes.readUInt16BE(12) === 0x0800 && isOwn(bytes[23]!, bytes[22]!)) {
    bytes.writeUInt16BE(0, 18);
    bytes.writeUInt16BE(0, 24);
  }
  if (bytes.readUInt16BE(12) === 0x86dd && isOwn(bytes[20]!, bytes[21]!)) bytes.writeUIntBE(bytes.readUIntBE(15, 3) & 0xf00000, 15, 3);
  return bytes.toString('hex');
}

/** ICMP that a node made itself: its ttl began at 64, ours never does. */
const isOwn = (protocol: number, ttl: number): boolean => (protocol === 1 || protocol === 58) && ttl > 60 && ttl <= 64;

for (const { title, profile, sent, answers } of cases) {
  test(`as Linux: ${title}`, async () => {
    await using engine = simulated(topologyOf(profile));
    const route = await engine.route('10.255.0.3');
    assert.is(engine.send(route, [Uint8Array.from(Buffer.from(sent, 'hex'))]), 1);
    const received: string[] = [];
    const deadline = engine.nowNs() + 4_000_000_000n;
    for (let batch = await engine.receive(deadline); batch.length > 0; batch = await engine.receive(deadline)) {
      received.push(...batch.map((packet) => comparable(packet.bytes)));
    }
    assert.equal(
      received,
      answers.map((answer) => comparable(Buffer.from(answer.frame, 'hex'))),
      `expected ${answers.map((answer) => answer.summary).join(' · ') || 'nothing'}`,
    );
  });
}

test.run();
