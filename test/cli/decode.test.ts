// limit: 120 s
/** `braceroute decode` as a user runs it: every capture has a twin, and bad input is told in a sentence. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertNoStack, braceroute, linesOf } from './command.ts';

const FOLDER = 'fixtures/captures';
const captures = readdirSync(FOLDER).filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name));

test('each capture decodes to its twin', async () => {
  assert.ok(captures.length >= 20, captures.join(' '));
  for (const name of captures) {
    const { stdout, stderr } = await braceroute(['decode', `${FOLDER}/${name}`]);
    assert.is(stdout + stderr, readFileSync(`${FOLDER}/${name}.txt`, 'utf8'), name);
  }
});

const file = (name: string): string => `${FOLDER}/${name}`;
const json = async (...argv: readonly string[]): Promise<Record<string, unknown>[]> =>
  linesOf((await braceroute(['decode', '--json', ...argv])).stdout).map((line) => JSON.parse(line));

test('a compressed capture decodes to what it is without compression', async () => {
  const [packed, plain] = [await braceroute(['decode', file('trace.pcap.gz')]), await braceroute(['decode', file('trace.pcap')])];
  assert.is(packed.stdout, plain.stdout);
});

test('with --json there is an object a packet, and an end', async () => {
  const lines = await json(file('trace.pcap'));
  const last = lines.pop()!;
  assert.is(last.type, 'end');
  assert.is(last.exit, 0);
  assert.ok(lines.every(({ type, v }) => type === 'packet' && v === 1));
  assert.equal(
    lines.map(({ number }) => number),
    lines.map((_, i) => i + 1),
  );
});

test('probes that were lost are those of which no answer stands in the file', async () => {
  const all = (await json(file('probe-forward-loss.pcap'))) as { kind: string; probe: { sequence: number } | null }[];
  const of = (...kinds: readonly string[]): number[] => all.filter(({ kind }) => kinds.includes(kind)).map(({ probe }) => probe!.sequence);
  const answered = new Set(of('landed', 'answered'));
  const lost = of('sent').filter((sequence) => !answered.has(sequence));
  assert.ok(lost.length > 3);
  const shown = (await json(file('probe-forward-loss.pcap'), '--filter', 'kind==lost')) as typeof all;
  assert.equal(
    shown.slice(0, -1).map(({ probe }) => probe!.sequence),
    lost,
  );
});

test('our comparisons are joined with and, or, not and brackets', async () => {
  const all = (await json(file('reverse.pcap'))) as {
    number: number;
    kind: string;
    probe: { sequence: number; way: string; hop: number } | null;
  }[];
  const expected = all.slice(0, -1).filter(({ kind, probe }) => (probe?.way === 'return' && !(probe.hop === 3)) || kind === 'foreign');
  const shown = (await json(file('reverse.pcap'), '--filter', '(leg==return and not hop == 3) or kind==foreign')) as typeof all;
  assert.ok(expected.length > 5);
  assert.equal(
    shown.slice(0, -1).map(({ number }) => number),
    expected.map(({ number }) => number),
  );
});

test('one probe is followed from its sending to its answer', async () => {
  const { stdout, code } = await braceroute(['decode', '--follow', '4', file('trace.pcap')]);
  assert.is(code, 0);
  const lines = linesOf(stdout);
  assert.is(lines.length, 4);
  assert.match(lines[0]!, /^Probe 4 of run 0x[0-9a-f]{8}:$/);
  assert.match(lines[1]!, /probe 4 sent/);
  assert.match(lines[2]!, /^ {2}\+0\.\d{3} ms .* probe 4 answered/);
  assert.match(lines[3]!, /^It was answered by 10\.255\.0\.8 on leg 1 of 1: port unreachable \(3\/3\), 0\.\d{3} ms after it was sent\.$/);
  assert.match((await braceroute(['decode', '--follow', '99999', file('trace.pcap')])).stdout, /does not occur in this recording/);
});

test('a filter with a mistake is told with its column', async () => {
  for (const [filter, column, what] of [
    ['probe==x', 8, /probe is a number/],
    ['hop=3', 4, /write == to compare/],
    ['hop==3 and', 11, /an expression is missing/],
    ['(hop==3', 1, /not closed/],
    ['hop==3 or kind==gone', 17, /a kind is one of/],
    ['hop==3)', 7, /not expected/],
  ] as const) {
    const { code, stderr } = await braceroute(['decode', '--filter', filter, file('trace.pcap')]);
    assert.is(code, 2, filter);
    assert.match(stderr, new RegExp(`--filter, column ${column}: `), filter);
    assert.match(stderr, what);
    assertNoStack(stderr);
  }
});

test('what is no capture is told with its offset, and is wrong usage', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'beacon-decode-'));
  try {
    for (const [content, message] of [
      ['', /offset 0: the file is empty/],
      ['Hello, I am a text file.', /offset 0: a file that begins with 0x48656c6c is neither/],
      [new Uint8Array(readFileSync(file('trace.pcap'))).subarray(0, 30), /offset 24: the file ends 6 bytes into a record/],
    ] as const) {
      const path = join(folder, 'bad');
      writeFileSync(path, content);
      const { code, stderr, stdout } = await braceroute(['decode', path]);
      assert.is(code, 2);
      assert.is(stdout, '');
      assert.match(stderr, message);
      assertNoStack(stderr);
    }
    const { code, stderr } = await braceroute(['decode', join(folder, 'nothing')]);
    assert.is(code, 2);
    assert.match(stderr, /Cannot read .*nothing: ENOENT: no such file/);
    assert.is((await braceroute(['decode', folder])).code, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
