// limit: 120 s
/** Round trips, the window of undecided sequences, tags, and sums at full speed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { middleOf } from '../../src/engine/spray-histogram.ts';
import { cellOf, isSprayed } from '../../src/engine/spray-sequence.ts';
import { rootMissing, skip } from '../skip.ts';
import { type Frame, frame, SHAPES, sendFrames, withWrongTag } from './matcher-frames.ts';
import { FAR, MATCHED, matcherLab, NEAR, opened, RUN, SENDING, settled } from './matcher-lab.ts';
import { matcherIn } from './matcher-process.ts';

const shape = SHAPES[1]!;
const reason = rootMissing();
const asRoot = (title: string, body: () => Promise<void>): void => (reason ? skip(title, reason) : void test(title, body));

/** Sequence of each probe → nanoseconds from the time sent that it carries to its stamp, as tshark reads a capture of tcpdump's. */
function roundTripsIn(file: string): Map<number, number> {
  const fields = ['-T', 'fields', '-e', 'frame.time_epoch', '-e', 'udp.payload'];
  const lines = execFileSync('tshark', ['-r', file, ...fields], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    .trim()
    .split('\n');
  return new Map(
    lines.map((line) => {
      const [time, payload] = line.split('\t');
      const [seconds, fraction] = time!.split('.');
      const arrivedNs = BigInt(seconds!) * 1_000_000_000n + BigInt(fraction!.padEnd(9, '0').slice(0, 9));
      return [Number.parseInt(payload!.slice(32, 40), 16), Number(arrivedNs - BigInt(`0x${payload!.slice(56, 72)}`))];
    }),
  );
}

for (const { matcher, leastNs } of [
  { matcher: 'pcap', leastNs: 1e3 },
  { matcher: 'tc', leastNs: 1e9 }, // it reads its own clock, a moment after the stamp that tcpdump has
  { matcher: 'xdp', leastNs: 1e9 },
] as const) {
  asRoot(`a histogram of ${matcher} tells each round trip to 1 %`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'matcher-'));
    await using net = matcherLab();
    await using near = matcherIn(NEAR);
    const templates = 200;
    const ages = Array.from({ length: templates }, (_, i) => leastNs * (5e10 / leastNs) ** (i / templates));
    const file = join(folder, 'capture.pcap');
    const [namespace, device] = matcher === 'xdp' ? [FAR, SENDING] : [NEAR, MATCHED]; // XDP comes before the taps
    const dump = `exec tcpdump -i ${device} -U --immediate-mode -s 2048 -B 8192 --time-stamp-precision=nano -w ${file} udp or proto 4 2>&1`;
    await net.start(namespace, 'sh', '-c', dump);
    await opened(near, { matcher, templates, flows: 1, timeoutNs: 60e9 });
    const frames = ages.map((ageNs, sequence) => frame(shape, RUN, sequence, sequence, ageNs));
    await sendFrames(FAR, SENDING, frames);
    assert.is((await near.until('totals', null, ({ received }) => received === templates)).received, templates);
    const histograms = await near.ask('histograms', { templates });
    const { leastNs: least, mostNs: most } = await near.ask('cells', { count: templates });
    const readMs = Date.now();
    let exact = roundTripsIn(file);
    while (exact.size < templates && Date.now() - readMs < 5000) exact = roundTripsIn(file); // tcpdump may still be writing
    rmSync(folder, { recursive: true });
    assert.is(exact.size, templates);
    for (const [sequence, rttNs] of exact) {
      const told = middleOf(histograms[sequence]!.indexOf(1));
      if (rttNs >= 1024) assert.ok(Math.abs(told - rttNs) <= 0.01 * rttNs, `${told} for ${rttNs}`);
      assert.equal([least[sequence], most[sequence]], [told, told]);
    }
  });
}

const landing = (sequence: number, cells: number): Frame =>
  frame(shape, RUN, cellOf(sequence, { idKey: RUN.idKey, templates: cells, flows: 1 }), sequence, 1000);
const from = (begin: number, end: number, cells: number): Frame[] =>
  Array.from({ length: end - begin }, (_, i) => begin + i)
    .filter((sequence) => isSprayed(RUN.idKey, sequence))
    .map((sequence) => landing(sequence, cells));

for (const matcher of ['tc', 'pcap'] as const) {
  asRoot(
    `${matcher}: a ring of 1,024 sequences goes round; below it is late, above it beyond, and nothing passes for a duplicate`,
    async () => {
      await using _net = matcherLab();
      await using near = matcherIn(NEAR);
      const cells = 4;
      await opened(near, { matcher, templates: cells, flows: 1, ring: 1024 });
      let sent = 0;
      const send = async (frames: readonly Frame[]): Promise<void> => {
        sent += await sendFrames(FAR, SENDING, frames);
        await near.until('totals', null, (now) => now.received + now.duplicates + now.late + now.beyond >= sent);
      };
      for (let begin = 0; begin < 4000; begin += 500) {
        await send(from(begin, begin + 500, cells));
        await near.ask('settle', { end: begin + 500, last: false });
        await settled(near, begin + 500 - 63);
      }
      assert.is((await near.ask('totals', null)).settled, 4000 - (4000 % 64));
      await send([landing(100, cells), landing(3967, cells), landing(3968, cells), landing(3999, cells)]); // settled; settled; twice, twice
      await send([landing(4991, cells), landing(4992, cells), landing(90_000, cells)]); // the last one with room; too far
      const totals = await near.ask('totals', null);
      const { received, duplicates, late, beyond } = totals;
      assert.equal([received, duplicates, late, beyond], [from(0, 4000, cells).length + 1, 2, 2, 2]);
      await near.ask('settle', { end: 4992, last: true });
      await settled(near, 4992);
      const lost = from(4000, 4991, cells).length;
      const runs = await near.ask('lossRuns', { templates: cells });
      assert.is(
        runs
          .flatMap((pairs) => pairs.filter((_, i) => i % 2 === 0).map((length, i) => length * pairs[2 * i + 1]!))
          .reduce((a, b) => a + b, 0),
        lost,
      );
    },
  );

  asRoot(`${matcher}: only what should carry a tag is held to it, and the rest counts as unverified`, async () => {
    await using _net = matcherLab();
    const frames = from(0, 128, 1).map((made) => withWrongTag(shape, made));
    await using near = matcherIn(NEAR);
    for (const [tag, corrupted] of [
      ['full', 128],
      ['sampled', 2],
      ['none', 0],
    ] as const) {
      await opened(near, { matcher, templates: 1, flows: 1, tag });
      assert.is(await sendFrames(FAR, SENDING, frames), 128);
      const totals = await near.until('totals', null, (now) => now.received + now.corrupted === 128);
      assert.equal([totals.received, totals.unverified, totals.corrupted], [128 - corrupted, 128 - corrupted, corrupted], tag);
      await near.ask('close', null);
    }
  });
}

const MILLION = 1_000_000;

for (const matcher of ['tc', 'xdp', 'pcap'] as const) {
  asRoot(`${matcher}: of a million packets at full speed each is accounted for`, async () => {
    await using net = matcherLab();
    await using near = matcherIn(NEAR);
    const cells = 64;
    const frames = from(0, 50_000, cells);
    await opened(near, { matcher, templates: cells, flows: 1, timeoutNs: 1e19 }); // they all say that they were sent in 1970
    const sent = await sendFrames(
      FAR,
      SENDING,
      frames.map((made) => ({ ...made, identityAt: 0 })),
      MILLION / 50_000,
    );
    const accounted = (now: { received: number; duplicates: number; dropped: number | null }): number =>
      now.received + now.duplicates + (now.dropped ?? 0);
    const [link] = JSON.parse((await net.run(FAR, 'ip', '-s', '-j', 'link', 'show', 'dev', SENDING)).stdout);
    const arrived = sent - link.stats64.tx.dropped; // a queue of the cable may be full, where XDP reads it
    const totals = await near.until('totals', null, (now) => accounted(now) >= arrived);
    assert.is(accounted(totals), arrived);
    if (arrived === sent && totals.dropped === null) assert.is(totals.received, frames.length);
  });
}

test.run();
