// limit: 120 s
/** Every matcher counts exactly what an independent sender sent, and takes nothing else out of the stack's way. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { MatcherName } from '../../src/engine/spray.ts';
import { cellOf, isSprayed } from '../../src/engine/spray-sequence.ts';
import type { Run } from '../../src/probe/run.ts';
import { rootMissing, skip } from '../skip.ts';
import {
  cut,
  type Frame,
  frame,
  HERE4,
  identityIn,
  PORT,
  SHAPES,
  type Shape,
  sendFrames,
  TWO_TAGS,
  withWrongByte,
  withWrongTag,
} from './matcher-frames.ts';
import { FAR, MATCHED, matcherLab, NEAR, OTHER_RUN, opened, planOf, RUN, SENDING, settled, TIMEOUT_NS } from './matcher-lab.ts';
import { matcherIn } from './matcher-process.ts';

const FLOWS = 3;
const COUNTED = ['received', 'duplicates', 'reordered', 'corrupted'] as const;

interface Sent {
  readonly frame: Frame;
  readonly sequence: number;
  /** What it is to a matcher. */
  readonly as: 'landing' | 'late' | 'corrupted' | 'other run' | 'passed';
}

const cellAt = (sequence: number, templates: number): number => cellOf(sequence, { idKey: RUN.idKey, templates, flows: FLOWS });

/** Losses, duplicates, late ones and broken ones at known places; every fifth pair of landings of one cell comes the wrong way round. */
function script(shapes: readonly Shape[], count: number): Sent[] {
  const cells = shapes.length * FLOWS;
  const sent: Sent[] = [];
  const add = (sequence: number, as: Sent['as'], change: (made: Frame, shape: Shape) => Frame = (made) => made, by: Run = RUN): void => {
    const cell = cellAt(sequence, shapes.length);
    const shape = shapes[cell % shapes.length]!;
    const made = frame(shape, by, cell, sequence, as === 'late' ? 1.5 * TIMEOUT_NS : 1e6);
    sent.push({ frame: change(made, shape), sequence, as });
  };
  for (let sequence = 0; sequence < count; sequence += 1) {
    if (!isSprayed(RUN.idKey, sequence)) continue;
    if (sequence % 13 === 5 || (sequence >= 5 * cells && sequence < 9 * cells)) continue; // lost
    if (sequence % 19 === 4) add(sequence, 'corrupted', (made, shape) => withWrongTag(shape, made));
    else if (sequence % 23 === 6) add(sequence, 'corrupted', (made) => withWrongByte(made, made.identityAt + 30));
    else if (sequence % 29 === 7) add(sequence, 'late');
    else add(sequence, 'landing');
    if (sequence % 11 === 3) add(sequence, 'landing');
    if (sequence % 31 === 8) add(sequence, 'other run', undefined, OTHER_RUN);
    if (sequence % 37 === 9) add(sequence, 'passed', (made) => cut(made));
    if (sequence % 41 === 10) add(sequence, 'passed', (made) => withWrongByte(made, made.identityAt)); // not our magic
  }
  for (let at = 0; at < sent.length; at += 5 * cells) {
    const cell = cellAt(sent[at]!.sequence, shapes.length);
    const next = sent.findIndex(({ sequence }, index) => index > at && cellAt(sequence, shapes.length) === cell);
    if (next > 0) [sent[at], sent[next]] = [sent[next]!, sent[at]!];
  }
  return sent;
}

const column = (cells: number): number[] => new Array<number>(cells).fill(0);

/** By the definitions: first landings in time; RFC 4737 for reordering; losses in a row within a cell. */
function expected(sent: readonly Sent[], templates: number, count: number) {
  const cells = templates * FLOWS;
  const counts = { received: column(cells), duplicates: column(cells), reordered: column(cells), corrupted: column(cells) };
  const seen = new Set<number>();
  const highest = new Map<number, number>();
  for (const { sequence, as } of sent) {
    const cell = cellAt(sequence, templates);
    if (as === 'corrupted') counts.corrupted[cell]! += 1;
    if (as !== 'landing') continue;
    counts[seen.has(sequence) ? 'duplicates' : 'received'][cell]! += 1;
    if (!seen.has(sequence) && sequence < (highest.get(cell) ?? 0)) counts.reordered[cell]! += 1;
    if (!seen.has(sequence)) highest.set(cell, Math.max(sequence, highest.get(cell) ?? 0));
    seen.add(sequence);
  }
  const runs = Array.from({ length: templates }, () => new Map<number, number>());
  const runsOfFlow = Array.from({ length: cells }, () => new Map<number, number>());
  for (let cell = 0; cell < cells; cell += 1) {
    const end = (length: number): void => {
      for (const lengths of [runs[cell % templates]!, runsOfFlow[cell]!])
        if (length > 0) lengths.set(length, (lengths.get(length) ?? 0) + 1);
    };
    let lost = 0;
    for (let sequence = 0; sequence < count; sequence += 1) {
      if (cellAt(sequence, templates) !== cell || !isSprayed(RUN.idKey, sequence)) continue;
      if (seen.has(sequence)) end(lost);
      lost = seen.has(sequence) ? 0 : lost + 1;
    }
    end(lost);
  }
  const pairs = (lengths: Map<number, number>): number[] => [...lengths].sort(([a], [b]) => a - b).flat();
  return { ...counts, lossRuns: runs.map(pairs), flowLossRuns: runsOfFlow.map(pairs) };
}

const countAs = (sent: readonly Sent[], as: Sent['as']): number => sent.filter((one) => one.as === as).length;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

interface Way {
  readonly matcher: MatcherName;
  readonly attach: 'auto' | 'tcx' | 'clsact';
  readonly shapes: readonly Shape[];
  readonly place: string;
  readonly by?: 'ring';
}

const WAYS: readonly Way[] = [
  { matcher: 'tc', attach: 'tcx', shapes: [...SHAPES, TWO_TAGS], place: 'tc ingress, tcx link' },
  { matcher: 'tc', attach: 'tcx', shapes: [...SHAPES, TWO_TAGS], place: 'tc ingress, tcx link', by: 'ring' },
  { matcher: 'tc', attach: 'clsact', shapes: [...SHAPES, TWO_TAGS], place: 'tc ingress, clsact filter' },
  { matcher: 'xdp', attach: 'auto', shapes: [...SHAPES, TWO_TAGS], place: 'XDP, native' },
  { matcher: 'pcap', attach: 'auto', shapes: SHAPES, place: 'libpcap' },
];

const reason = rootMissing();

for (const { matcher, attach, shapes, place, by = 'socket' } of WAYS) {
  const title = `${matcher} (${place}) counts what was sent${by === 'ring' ? ' in pieces' : ''}, cell by cell, and lets all else pass`;
  if (reason) {
    skip(title, reason);
    continue;
  }
  test(title, async () => {
    await using _net = matcherLab();
    await using near = matcherIn(NEAR);
    const templates = shapes.length;
    const cells = templates * FLOWS;
    const count = 40 * cells;
    const sent = script(shapes, count);
    const wanted = expected(sent, templates, count);
    assert.equal(await opened(near, { matcher, templates, flows: FLOWS, attach }), [`${MATCHED}: ${place}`]);
    await near.ask('listen', { port: PORT, address: HERE4 });
    await near.ask('evidence', { ...planOf(templates, FLOWS), device: MATCHED });
    const frames = sent.map((one) => one.frame);
    assert.is(await sendFrames(FAR, SENDING, frames, 1, by), sent.length);
    await near.until('totals', null, ({ received }) => received >= sum(wanted.received));
    await near.ask('settle', { end: count / 2, last: false }); // in two goes, the first to a place within a word of the bitmap
    await settled(near, count / 2 - 63);
    await near.ask('settle', { end: count, last: true });
    const totals = await settled(near, count);
    const got = await near.ask('cells', { count: cells });
    for (const name of COUNTED) assert.equal(got[name], wanted[name], name);
    for (const name of COUNTED) assert.is(totals[name], sum(wanted[name]), name);
    assert.equal(await near.ask('lossRuns', { templates }), wanted.lossRuns);
    assert.equal(await near.ask('flowLossRuns', { templates, flows: FLOWS }), wanted.flowLossRuns);
    assert.equal([totals.late, totals.otherRun], [countAs(sent, 'late'), countAs(sent, 'other run')]);
    const sendable = Array.from({ length: count }, (_, sequence) => sequence).filter((sequence) => isSprayed(RUN.idKey, sequence));
    assert.is(totals.missing, sendable.length - totals.received);
    assert.equal([totals.beyond, totals.expired, totals.unverified], [0, 0, 0]);
    const inHistograms = (await near.ask('histograms', { templates })).map(sum);
    assert.equal(
      inHistograms,
      shapes.map((_, template) => sum(wanted.received.filter((_count, cell) => cell % templates === template))),
    );
    assert.equal(await near.ask('flowSums', { templates, flows: FLOWS }), wanted.received);
    if (matcher === 'xdp') return; // before the taps, and the stack's own counters
    const records = await near.until('records', null, ({ stored, full }) => stored + full >= countAs(sent, 'landing'));
    assert.is(records.seen, records.stored + records.full + records.others);
    const seen = sent.filter(({ frame }) => frame.bytes[12] !== 0x88); // the capture's filter looks behind one tag
    const kinds = { 2: countAs(seen, 'other run'), 3: countAs(seen, 'corrupted'), 5: countAs(seen, 'landing') + countAs(seen, 'late') };
    assert.equal(records.kinds, kinds);
    if (matcher === 'pcap') return; // takes nothing out of the stack's way
    const deliverable = sent.filter((one) => isPlainUdp(one.frame) && one.as === 'other run').length;
    assert.is((await near.until('totals', null, ({ datagrams }) => datagrams >= deliverable)).datagrams, deliverable);
  });
}

/** What the stack gives to a socket. */
const isPlainUdp = ({ bytes, identityAt }: Frame): boolean => identityAt === identityIn(SHAPES[0]!) && bytes[12] === 8 && bytes[23] === 17;

test.run();
