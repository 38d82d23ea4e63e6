// limit: 120 s
/** A spray over networks in memory: what it counts is what the routers counted, and what is wrong is found and named. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LossRuns } from '../../src/report/event.ts';
import type { Behaviour } from '../../src/topology/behaviour.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { direction, fixture } from '../lab/raised.ts';
import { type SprayRan, said, spray } from './sprayed.ts';

const LINE = fixture('line', 'spray_line');

/** a — r1 ═ r2 — d, with so many links side by side between r1 and r2. */
const bundle = (links: number, hashPolicy: Behaviour['hashPolicy']): Topology => {
  const text = [
    'name: t_bundle',
    'nodes: { a: { vantage: true }, r1: {}, r2: {}, d: {} }',
    'links:',
    '  - { between: [a, r1] }',
    ...Array.from({ length: links }, () => '  - { between: [r1, r2] }'),
    '  - { between: [r2, d] }',
  ].join('\n');
  const topology = parseTopology(`${text}\n`, 'bundle.yaml');
  return { ...topology, nodes: topology.nodes.map((node) => ({ ...node, behaviour: { ...node.behaviour, hashPolicy } })) };
};

/** sent = received + lost + unknown, of each row, and rows and flows come to the total. */
function assertSums(ran: SprayRan): void {
  const [total] = said(ran, 'sprayed');
  for (const { sent, received, lost, unknown } of [...said(ran, 'count'), ...said(ran, 'flow'), total!]) {
    assert.is(received + lost + unknown, sent);
  }
  for (const name of ['sent', 'received', 'lost', 'unknown', 'duplicate', 'reordered', 'corrupted'] as const) {
    const sum = (all: readonly Record<typeof name, number>[]): number => all.reduce((so, one) => so + one[name], 0);
    assert.is(sum(said(ran, 'count')), total![name], name);
    if (said(ran, 'flow').length > 0 && total!.flowsLeftOut === 0) assert.is(sum(said(ran, 'flow')), total![name], `${name} of flows`);
  }
  const inRuns = (runs: readonly LossRuns[]): number => runs.reduce((sum, { length, times }) => sum + length * times, 0);
  for (const { lossRuns, lost } of [...said(ran, 'count'), ...said(ran, 'flow'), total!])
    assert.is(inRuns(lossRuns!), lost, 'every loss is in a run');
}

/** What the routers lost on a link in one direction. */
const lostOn = ({ engine }: SprayRan, from: string, to: string): number => direction(engine.counters(), from, to)!.lost;

test('on a clean path every probe to every hop comes home, at the rate that was asked', async () => {
  for (const family of ['-4', '-6']) {
    const ran = await spray(LINE, ['-s', 'r1', '-d', 'd', '--sweep-hops', '--rate', '4000', '--duration', '3', family]);
    assertSums(ran);
    assert.equal(
      said(ran, 'count').map(({ position, lost, loss }) => [position, lost, loss]),
      [1, 2, 3, 4].map((position) => [position, 0, 0]),
    );
    assert.is(said(ran, 'sprayed')[0]!.sent, 10_000); // 2.5 s at full rate: the ramp of a second costs half of it
    for (const { sent } of said(ran, 'count')) assert.ok(Math.abs(sent - 2500) <= 1, `${sent}`); // one in 65,536 sequences cannot be sent
    const kept = said(ran, 'spray').filter(({ draining, elapsedMs }) => !draining && elapsedMs > 2100);
    for (const event of kept) assert.ok(Math.abs(event.kept / 4000 - 1) < 0.005, `${event.kept} a second`);
    assert.equal([ran.exit, ran.verdict.reached], [0, true]);
  }
});

test("a link that loses shows at the first hop behind it, with counts that are the router's", async () => {
  const ran = await spray(LINE, ['-s', 'r1', '-d', 'd', '--sweep-hops', '-c', '20000', '--rate', '20k'], (engine) =>
    engine.fault('r2-r3', 'r2', { ...NO_FAULT, loss: 0.02 }),
  );
  assertSums(ran);
  const [one, two, three, four] = said(ran, 'count');
  assert.equal([one!.lost, two!.lost], [0, 0]);
  assert.is(three!.lost + four!.lost, said(ran, 'sprayed')[0]!.lost);
  assert.is(said(ran, 'sprayed')[0]!.lost, lostOn(ran, 'r2', 'r3') - strays(ran));
  for (const { lossLow, lossHigh } of [three!, four!]) assert.ok(lossLow! < 0.02 && 0.02 < lossHigh!);
  assert.is(ran.exit, 1);
});

/** The search and the survey lost some there too: of a spray alone that link carries so many. */
const strays = (ran: SprayRan): number => {
  const { seen } = direction(ran.engine.counters(), 'r2', 'r3')!;
  const sprayed = said(ran, 'count')
    .filter(({ position }) => position >= 3)
    .reduce((sum, { sent }) => sum + sent, 0);
  const searched = seen - sprayed;
  const lost = lostOn(ran, 'r2', 'r3');
  const home = said(ran, 'count').reduce((sum, { lost: own }) => sum + own, 0);
  assert.ok(lost - home <= searched, `${lost} lost, ${home} of them of the spray, ${searched} before it`);
  return lost - home;
};

test('a loss of 1e-5 is seen, with an interval that holds it', async () => {
  const ran = await spray(LINE, ['-p', 'a,r1,r2', '-c', '200k', '--rate', '1M'], (engine) =>
    engine.fault('r1-r2', 'r1', { ...NO_FAULT, exact: { lost: 1, of: 100_000 } }),
  );
  const [total] = said(ran, 'sprayed');
  assert.equal([total!.sent, total!.lost], [200_000, 2]);
  assert.ok(total!.lossLow! < 1e-5 && 1e-5 < total!.lossHigh! && total!.lossHigh! < 5e-5);
  assert.equal(total!.lossRuns, [{ length: 1, times: 2 }]);
});

test('a loss of every tenth packet is that of all flows, not of every tenth flow', async () => {
  const ran = await spray(LINE, ['-s', 'r1', '-d', 'r2', '--flows', '20', '-c', '10000', '--rate', '20k'], (engine) =>
    engine.fault('r1-r2', 'r1', { ...NO_FAULT, exact: { lost: 1, of: 10 } }),
  );
  assertSums(ran);
  const flows = said(ran, 'flow');
  assert.is(flows.length, 20);
  const deviation = Math.sqrt(500 * 0.1 * 0.9);
  for (const { sent, lost } of flows) assert.ok(Math.abs(lost - sent / 10) < 4.5 * deviation, `${lost} of ${sent} lost`);
});

test("each flow's round trips are told, and only those over a slow link are long", async () => {
  const topology = bundle(2, 3);
  const links = topology.links.map((link, index) => (index === 2 ? { ...link, delayMs: 5 } : link));
  const ran = await spray({ ...topology, links }, ['-p', 'a,r1,r2', '--flows', '16', '-c', '1600', '--rate', '1000']);
  const flows = said(ran, 'flow');
  const slow = flows.filter(({ rttMs }) => rttMs!.p50 > 4);
  assert.ok(slow.length > 0 && slow.length < 16, `${slow.length} of 16 are slow`);
  for (const { rttMs } of flows) assert.ok(rttMs!.max - rttMs!.min < 1, 'a flow goes one way');
  assert.ok(said(ran, 'count')[0]!.rttMs!.max > 4 && said(ran, 'count')[0]!.rttMs!.min < 4);
});

test('a policer bites above its rate, and not below', async () => {
  const shares: number[] = [];
  for (const rate of ['1800', '4000']) {
    const ran = await spray(LINE, ['-p', 'a,r1,r2', '--rate', rate, '--duration', '5'], (engine) =>
      engine.fault('r1-r2', 'r1', { ...NO_FAULT, policer: { perSecond: 2000, burst: 20 } }),
    );
    assertSums(ran);
    assert.is(said(ran, 'sprayed')[0]!.lost, lostOn(ran, 'r1', 'r2'));
    shares.push(said(ran, 'spray').findLast(({ draining }) => !draining)!.loss!);
  }
  assert.is(shares[0], 0);
  assert.ok(Math.abs(shares[1]! - 0.5) < 0.06, `${shares[1]} of 4000 a second where 2000 pass`);
});

test('duplicates, corruption and reordering are counted as the routers did them, beside the sum', async () => {
  for (const family of ['-4', '-6']) {
    const ran = await spray(LINE, ['-p', 'a,r1,r2', '-c', '20000', '--rate', '20k', family], (engine) =>
      engine.fault('r1-r2', 'r1', { ...NO_FAULT, duplicate: 0.01 }),
    );
    assertSums(ran);
    assert.is(said(ran, 'sprayed')[0]!.duplicate, direction(ran.engine.counters(), 'r1', 'r2')!.duplicated);
    assert.is(said(ran, 'sprayed')[0]!.lost, 0);
    const bent = await spray(LINE, ['-p', 'a,r1,r2', '-c', '20000', '--rate', '20k', family], (engine) =>
      engine.fault('r1-r2', 'r1', { ...NO_FAULT, corrupt: 0.01 }),
    );
    assertSums(bent);
    const { corrupted } = direction(bent.engine.counters(), 'r1', 'r2')!;
    assert.equal([said(bent, 'sprayed')[0]!.corrupted, said(bent, 'sprayed')[0]!.lost], [corrupted, corrupted]);
    const held = await spray(LINE, ['-p', 'a,r1,r2', '-c', '5000', '--rate', '20k', family], (engine) =>
      engine.fault('r1-r2', 'r1', { ...NO_FAULT, reorder: 0.01 }),
    );
    const { reordered, lost } = said(held, 'sprayed')[0]!;
    assert.ok(reordered > 15 && reordered < 90 && lost === 0, `${reordered} of 5000 came out of turn, where 1 % is held`);
  }
});

test('one dead link of sixteen side by side is found among 512 flows, and nothing else is', async () => {
  const argv = ['-p', 'a,r1,r2', '--segment', '1', '--flows', '512', '-c', '40960', '--rate', '100k'];
  const ran = await spray(bundle(16, 3), argv, (engine) => engine.fault('r1-r2-5', 'r1', { ...NO_FAULT, blackhole: true }));
  assertSums(ran);
  const [segment] = said(ran, 'segment');
  assert.equal([segment!.position, segment!.field, segment!.flows, segment!.frozen], [1, 'ports', 512, false]);
  const far = said(ran, 'flow').filter(({ position }) => position === 2);
  const dead = far.filter(({ received }) => received === 0).map(({ value }) => value);
  assert.ok(dead.length > 10 && dead.length < 70, `${dead.length} of 512 flows take the one link of sixteen`);
  assert.equal(
    segment!.failing.map(({ value }) => value),
    dead,
  );
  assert.is(
    segment!.failing.reduce((sum, { lost }) => sum + lost, 0),
    direction2(ran, 5).lost,
  );
  assert.ok(said(ran, 'problem').some(({ code }) => code === 'SEGMENT_NOT_FROZEN'));
  for (const { value, sent, lossRuns } of far) assert.equal(lossRuns, dead.includes(value) ? [{ length: sent, times: 1 }] : []);
});

test('losses in a row are told of the flow that met them: three of every ten on its own link', async () => {
  const two = async (values: string, fault: Fault): Promise<SprayRan> =>
    spray(bundle(2, 3), ['-p', 'a,r1,r2', '--values', values, '-c', '2000', '--rate', '10k'], (engine) =>
      engine.fault('r1-r2-2', 'r1', fault),
    );
  const flows = said(await two('2001-2016', { ...NO_FAULT, blackhole: true }), 'flow');
  const [over, beside] = [true, false].map((isDead) => flows.find(({ received }) => (received === 0) === isDead)!.value);
  const ran = await two(`${beside},${over}`, { ...NO_FAULT, exact: { lost: 3, of: 10 } });
  assertSums(ran);
  const [whole, lossy] = said(ran, 'flow');
  assert.equal([whole!.lossRuns, lossy!.sent], [[], 1000]);
  const runs = new Map(lossy!.lossRuns!.map(({ length, times }) => [length, times]));
  const [cut] = [...runs.keys()].filter((length) => length !== 3); // one that the spray's end, or its beginning, cut
  assert.ok(runs.get(3)! >= 99 && runs.get(3)! <= 100 && (cut === undefined || (runs.get(cut)! <= 2 && cut < 3)), `${[...runs]}`);
});

/** Of the link with this number between r1 and r2. */
const direction2 = ({ engine }: SprayRan, number: number): { readonly lost: number } =>
  engine.counters().links.filter(({ from, to }) => from === 'r1' && to === 'r2')[number - 1]!;

test('over IPv6 a segment is swept by flow labels that nothing else sees, and the failing ones can be asked again', async () => {
  const argv = ['-p', 'a,r1,r2,d', '-6', '--segment', '1', '--flows', '64', '-c', '6400', '--rate', '50k'];
  const kill = (engine: SprayRan['engine']): void => engine.fault('r1-r2-3', 'r1', { ...NO_FAULT, blackhole: true });
  const ran = await spray(bundle(8, 0), argv, kill);
  assertSums(ran);
  const [segment] = said(ran, 'segment');
  assert.equal([segment!.field, segment!.frozen], ['flow-label', true]);
  assert.ok(segment!.failing.length > 0 && segment!.failing.length < 32);
  const again = await spray(bundle(8, 0), ['-p', 'a,r1,r2,d', '-6', ...segment!.again!.split(' '), '-c', '1000', '--rate', '50k'], kill);
  const far = said(again, 'count').find(({ position }) => position === 2)!;
  assert.equal([far.flows, far.received], [segment!.failing.length, 0]);
  assert.is(said(again, 'count').find(({ position }) => position === 1)!.lost, 0);
});

test("a loss that all flows share is no flow's", async () => {
  const argv = ['-p', 'a,r1,r2', '--segment', '1', '--flows', '256', '-c', '51200', '--rate', '100k'];
  const ran = await spray(LINE, argv, (engine) => engine.fault('r1-r2', 'r1', { ...NO_FAULT, loss: 0.2 }));
  assert.equal(said(ran, 'segment')[0]!.failing, []);
});

test('a spray that loses more than it may ends by itself, within seconds', async () => {
  const ran = await spray(
    LINE,
    ['-p', 'a,r1,r2', '--rate', '2000', '--duration', '60', '--stop-loss', '50%'],
    () => {},
    (event, engine) => {
      if (event.type === 'spray' && event.elapsedMs > 3000) engine.fault('r1-r2', 'r1', { ...NO_FAULT, blackhole: true });
    },
  );
  assert.equal(
    said(ran, 'problem').map(({ code }) => code),
    ['LOSS_STOPPED'],
  );
  assert.is(said(ran, 'sprayed')[0]!.stopped, 'LOSS_STOPPED');
  assert.ok(said(ran, 'sprayed')[0]!.sent < 2000 * 6, `${said(ran, 'sprayed')[0]!.sent} sent`);
  assert.is(ran.exit, 1);
  assertSums(ran);
});

test('who is interrupted waits for what is under way, and reports it', async () => {
  const topology = fixture('line', 'spray_slow');
  const ran = await spray(
    topology,
    ['-p', 'a,r1,r2', '--rate', '1000', '--duration', '60'],
    (engine) => engine.fault('r1-r2', 'r1', { ...NO_FAULT, delayMs: 800 }),
    (event, _engine, stop) => {
      if (event.type === 'spray' && event.elapsedMs > 2000) stop();
    },
  );
  const [total] = said(ran, 'sprayed');
  assert.equal([total!.lost, total!.received === total!.sent], [0, true]);
  assert.ok(total!.sent > 1900 && total!.sent < 2300);
});

test('late answers stay lost, and are told', async () => {
  const ran = await spray(LINE, ['-p', 'a,r1,r2', '-c', '500', '--rate', '1000', '-t', '0.5'], (engine) =>
    engine.fault('r1-r2', 'r1', { ...NO_FAULT, delayMs: 600 }),
  );
  const [total] = said(ran, 'sprayed');
  assert.equal([total!.received, total!.lost], [0, 500]);
  assert.ok(total!.late > 350 && total!.late <= 500, `${total!.late} came within the wait`);
});

test('sizes of a range are sent side by side, and the large ones are told apart', async () => {
  const ran = await spray(LINE, ['-p', 'a,r1,r2', '--size', '200-1480', '-c', '4000', '--rate', '4000'], (engine) =>
    engine.fault('r1-r2', 'r1', { ...NO_FAULT, mtu: 1300 }),
  );
  const counts = said(ran, 'count');
  assert.equal([counts[0]!.size, counts.at(-1)!.size, counts.length], [200, 1480, 8]);
  for (const { size, loss } of counts) assert.is(loss, size! > 1320 ? 1 : 0, `${size} bytes`); // the header to r1 is off by then
});

test('routers that say why a probe went no further are heard, each time', async () => {
  for (const family of ['-4', '-6']) {
    const ran = await spray(LINE, ['-p', 'a,r1,r2', '--size', '1400-1480', '-c', '4000', '--rate', '4000', family], (engine) =>
      engine.fault('r1-r2', 'r1', { ...NO_FAULT, mtu: 1400 }),
    );
    const [problem, ...others] = said(ran, 'problem').filter(({ code }) => code === 'TOO_BIG');
    const { lost } = said(ran, 'sprayed')[0]!;
    assert.ok(lost > 1000 && others.length === 0);
    // neither RFC 1191 nor this router limits them
    assert.match(
      problem!.message,
      new RegExp(`sent icmp(v6 2/0| 3/4) about probes to hop 2 of path 1 and [1-9] other targets \\(${lost} seen`),
    );
  }
  const refused = await spray(
    LINE,
    ['-p', 'a,r1,r2,r3', '--sweep-hops', '--duration', '4', '--rate', '300', '--tag', 'sampled'],
    () => {},
    (event, engine) => {
      if (event.type === 'spray' && event.elapsedMs > 2000) engine.fault('r2-r3', null, 'down');
    },
  );
  const problems = said(refused, 'problem').map(({ code, message }) => `${code} ${message}`);
  assert.is(problems.length, 1, problems.join('; '));
  assert.match(problems[0]!, /^PROBES_REFUSED 10\.\d+\.\d+\.\d+ sent icmp 3\/[01] about probes to hop 3 of path 1 \(\d+ seen/);
});

test('without tags the counts are the same', async () => {
  for (const tag of ['sampled', 'none']) {
    const ran = await spray(LINE, ['-p', 'a,r1,r2', '-c', '1000', '--rate', '1000', '--tag', tag]);
    assert.equal([said(ran, 'sprayed')[0]!.received, said(ran, 'sprayed')[0]!.tag], [1000, tag]);
  }
});

test.run();
