import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, craft, layerLengths } from '../../src/probe/craft.ts';
import { type Itinerary, smallestSize } from '../../src/probe/itinerary.ts';
import { gathered, isSendable, newRun, type Run, scatteredHalves } from '../../src/probe/run.ts';
import { familyOf } from '../../src/wire/address.ts';
import { dissectPacket } from '../../src/wire/dissect.ts';
import { IDENTITY_LENGTH, isGenuine, readIdentity } from '../../src/wire/identity.ts';
import { outline } from '../../src/wire/outline.ts';
import { sipKey } from '../../src/wire/siphash.ts';
import { skip } from '../skip.ts';
import { fixture, fromHex, toHex } from '../wire/known.ts';
import { A4, itineraries, itinerary, R4, R6, runFrom, runs } from './plans.ts';

interface KnownProbe {
  readonly name: string;
  readonly run: { readonly number: number; readonly key: string; readonly idKey: number };
  readonly path: number;
  readonly sequence: number;
  readonly sentNs: string;
  readonly itinerary: Itinerary;
  readonly hex: string;
}

const probes = JSON.parse(fixture('probes.json')) as KnownProbe[];
const crafted = (plan: Itinerary, run: Run, path: number, sequence: number): Uint8Array =>
  craft(compile(plan), run, path, sequence, BigInt(sequence) * 1000n);

const sequences = fc.integer({ min: 0, max: 0xffff_ffff });
/** A run and a sequence that may be sent in it. */
const sendable = fc.tuple(runs, sequences).filter(([run, sequence]) => isSendable(run, sequence));

test('a probe is, byte for byte, what scapy builds from the same plan, with the checksums that scapy computes', () => {
  assert.ok(probes.length >= 45);
  for (const { name, run, path, sequence, sentNs, itinerary: plan, hex } of probes) {
    const bytes = craft(compile(plan), { ...run, key: sipKey(fromHex(run.key)) }, path, sequence, BigInt(sentNs));
    assert.is(toHex(bytes), hex, name);
  }
});

const TSHARK = spawnSync('tshark', ['--version']).error === undefined;
const badChecksums = 'tshark finds no wrong checksum in probes of any kind';
if (!TSHARK) skip(badChecksums, 'tshark is not installed');
else
  test(badChecksums, () => {
    const plans = fc.sample(
      itineraries.filter(({ layers }) => layers.length <= 4),
      { seed: 1, numRuns: 150 },
    );
    const packets = plans.map((plan, i) => crafted(plan, runFrom(i), i, i));
    const lines = statuses(packets);
    assert.is(lines.length, packets.length);
    lines.forEach((line, i) => {
      const four = plans[i]!.layers.filter(({ destination }) => familyOf(destination) === 4).length;
      assert.is(
        line,
        Array(four + 1)
          .fill('1')
          .join(' '),
        toHex(packets[i]!),
      ); // 1: good
    });
  });

/** The status of every checksum that tshark looks at, a line a packet. */
function statuses(packets: readonly Uint8Array[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'beacon-'));
  try {
    writeFileSync(join(folder, 'probes.pcap'), capture(packets));
    const checks = ['ip', 'udp'].flatMap((name) => ['-o', `${name}.check_checksum:TRUE`]);
    const fields = ['ip', 'udp', 'icmp', 'icmpv6'].flatMap((name) => ['-e', `${name}.checksum.status`]);
    const words = ['-n', '-r', join(folder, 'probes.pcap'), ...checks, '-T', 'fields', '-E', 'aggregator=/s', ...fields];
    const done = spawnSync('tshark', words, { encoding: 'utf8', timeout: 30_000 });
    assert.is(done.status, 0, done.stderr);
    return done.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replaceAll('Good', '1').trim().split(/\s+/).join(' '));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A pcap file of raw IP packets. */
function capture(packets: readonly Uint8Array[]): Buffer {
  const header = Buffer.from('d4c3b2a1020004000000000000000000ffff000065000000', 'hex');
  const records = packets.flatMap((bytes) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(bytes.length, 8);
    record.writeUInt32LE(bytes.length, 12);
    return [record, bytes];
  });
  return Buffer.concat([header, ...records]);
}

test('the plan reads back from the packet, header by header', () => {
  fc.assert(
    fc.property(itineraries, sendable, (plan, [run, sequence]) => {
      const { layers, body } = dissectPacket(crafted(plan, run, 0, sequence));
      const { dscp, flowLabel } = plan.flow;
      const seen = layers.map(({ source, destination, ttl }) => ({ source, destination, ttl }));
      assert.equal(seen, plan.layers);
      for (const layer of layers) {
        assert.is(layer.trafficClass, dscp * 4);
        assert.is(layer.family === 6 ? layer.flowLabel : flowLabel, flowLabel);
        assert.ok(layer.family === 6 || layer.dontFragment);
      }
      assert.is(body.kind, plan.flow.transport);
      if (body.kind === 'udp') assert.equal([body.sourcePort, body.destinationPort], [plan.flow.sourcePort, plan.flow.destinationPort]);
      if (body.kind === 'icmp')
        assert.equal([body.header.checksum, body.header.rest >>> 16], [plan.flow.destinationPort, plan.flow.sourcePort]);
    }),
  );
});

test('IDs alternate low and high half by layer, and the transport carries the next half', () => {
  fc.assert(
    fc.property(itineraries, sendable, (plan, [run, sequence]) => {
      const bytes = crafted(plan, run, 0, sequence);
      const { layers, body } = dissectPacket(bytes);
      const word = (sequence ^ run.idKey) >>> 0;
      const halves = [word % 65536, Math.floor(word / 65536)];
      layers.forEach((layer, i) => {
        if (layer.family === 4) assert.is(layer.id, halves[i % 2]);
      });
      const carried = body.kind === 'udp' ? body.checksum : body.kind === 'icmp' ? body.header.rest & 0xffff : -1;
      assert.is(carried, halves[layers.length % 2]);
    }),
  );
});

test('the identity stands behind the transport header, is genuine, and zeros follow', () => {
  fc.assert(
    fc.property(itineraries, sendable, sequences, (plan, [run, sequence], path) => {
      const bytes = crafted(plan, run, path, sequence);
      const at = outline(bytes, 0)!.at + 8;
      assert.equal(readIdentity(bytes, at, bytes.length), { run: run.number, path, sequence });
      assert.ok(isGenuine(bytes, at, run.key));
      assert.ok(bytes.subarray(at + IDENTITY_LENGTH).every((byte) => byte === 0));
    }),
  );
});

test('probes of one flow differ in nothing that a router may hash', () => {
  const hashed = (plan: Itinerary, sequence: number, ttl: number): string => {
    const timed = { ...plan, layers: plan.layers.map((layer) => ({ ...layer, ttl })) };
    const bytes = crafted(timed, runFrom(1), 0, sequence);
    const found = outline(bytes, 0)!;
    const addresses = found.layers.map(({ family, at }) => toHex(bytes.subarray(...(family === 4 ? [at + 12, at + 20] : [at, at + 4]))));
    const bodies = found.layers.filter(({ family }) => family === 6).map(({ at }) => toHex(bytes.subarray(at + 8, at + 40)));
    return [...addresses, ...bodies, toHex(bytes.subarray(found.at, found.at + 4))].join();
  };
  fc.assert(
    fc.property(itineraries, fc.nat(60_000), fc.nat(60_000), fc.integer({ min: 1, max: 255 }), (plan, one, other, ttl) => {
      assert.is(hashed(plan, one, 1), hashed(plan, other, ttl));
    }),
  );
});

test('the halves of a sequence are gathered to the sequence, and no half of 0 is sent', () => {
  fc.assert(
    fc.property(runs, sequences, (run, sequence) => {
      const [low, high] = scatteredHalves(run, sequence);
      assert.is(gathered(run, low, high), sequence);
      assert.is(isSendable(run, sequence), low > 0 && high > 0);
    }),
  );
});

test('of each 65,536 sequences one has a half of 0, unless their other half is 0', () => {
  const run = { ...runFrom(3), idKey: 0x0001_abcd };
  const refused = Array.from({ length: 0x30000 }, (_, sequence) => sequence).filter((sequence) => !isSendable(run, sequence));
  const whole = refused.filter((sequence) => sequence >>> 16 === 1);
  assert.is(whole.length, 65_536);
  assert.equal(
    refused.filter((sequence) => sequence >>> 16 !== 1),
    [0xabcd, 0x2abcd],
  );
});

test('a run draws number, key and scatter from its own random bytes', () => {
  const run = newRun((length) => Uint8Array.from({ length }, (_, i) => i));
  assert.is(run.number, 0x00010203);
  assert.equal(run.key, sipKey(Uint8Array.from({ length: 16 }, (_, i) => i + 4)));
  assert.is(run.idKey, 0x14151617);
  const [one, other] = [newRun(), newRun()];
  assert.is.not(`${one.number} ${one.idKey}`, `${other.number} ${other.idKey}`);
});

test('a probe has the size that was asked for, else the smallest', () => {
  fc.assert(
    fc.property(itineraries, (plan) => {
      assert.is(crafted(plan, runFrom(0), 0, 1).length, plan.flow.size ?? smallestSize(plan.layers));
    }),
  );
});

test('each layer is as long as its own header says', () => {
  fc.assert(
    fc.property(itineraries, (plan) => {
      const bytes = crafted(plan, runFrom(0), 0, 1);
      assert.equal(
        layerLengths(plan, bytes.length),
        outline(bytes, 0)!.layers.map(({ length }) => length),
      );
    }),
  );
});

test('a size that cannot be is refused, and the message names the bounds', () => {
  const sized = (size: number): Itinerary => itinerary([R4[0], A4], { size });
  assert.throws(() => compile(sized(83)), /2 headers has 84 to 65535 bytes, got a size of 83/);
  assert.throws(() => compile(sized(65_536)), /got a size of 65536/);
  assert.is(compile(sized(84)).bytes.length, 84);
  assert.is(compile(sized(65_535)).bytes.length, 65_535);
});

test('a ttl that cannot be is refused', () => {
  for (const ttl of [0, 256, -1, Number.NaN]) assert.throws(() => compile(itinerary([R4[0]], {}, ttl)), new RegExp(`1 to 255, got ${ttl}`));
});

test('one header cannot join two families', () => {
  const mixed = { ...itinerary([R6[0]]), layers: [{ source: A4, destination: R6[0], ttl: 2 }] };
  assert.throws(() => compile(mixed), /from 192\.0\.2\.1 to 2001:db8:1::1: both must be of one family/);
});

test('a crafted probe is a copy: the template stays as it was', () => {
  const template = compile(itinerary([R4[0], A4]));
  const before = toHex(template.bytes);
  craft(template, runFrom(1), 0, 7, 1n).fill(0xff);
  assert.is(toHex(template.bytes), before);
});

test.run();
