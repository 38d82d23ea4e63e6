/**
 * Every sender with every matcher, through a router that strips a header: what the router's own eBPF counter saw is what was sent and what
 * was counted, to the packet. And what may be in the way of a pair: its counts stay true, or it is refused by name.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attach, attachBeside, run as command, detach, inside, NEAR, runInside, seen } from '../../bench/spray-veth.ts';
import { finished, openSender } from '../../bench/spray-ways.ts';
import { type Matcher, openMatcher } from '../../src/engine/live/spray-matcher.ts';
import { MATCHERS, type MatcherName, SENDERS, type SenderName } from '../../src/engine/spray.ts';
import { loadAddon } from '../../src/host/addon.ts';
import { interfaces } from '../../src/host/interface.ts';
import { newRun, type Run } from '../../src/probe/run.ts';
import { rootMissing, skip } from '../skip.ts';

const PER_SECOND = 20_000;
const SECONDS = 0.1;
const TIMEOUT_NS = 1e9;

const reason = rootMissing();
if (reason) skip('senders and matchers in pairs', reason);
else if (inside === null) runInside();
else {
  for (const sender of SENDERS) for (const matcher of MATCHERS) agrees(sender, matcher);
  faults();
  test.run();
}

function matching(matcher: MatcherName, run: Run, realtimeAheadNs: number): Matcher {
  const { index } = interfaces(loadAddon()).find(({ name }) => name === NEAR)!;
  const job = { run, templates: 1, flows: 1, tag: 'full' as const, timeoutNs: TIMEOUT_NS, realtimeAheadNs };
  return openMatcher({ ...job, matcher, interfaces: [{ name: NEAR, index, hasLinkHeader: true }] });
}

const sending = (sender: SenderName, run: Run, realtimeAheadNs: number): ReturnType<typeof openSender> =>
  openSender({ sender, tag: 'full', seconds: SECONDS, perSecond: PER_SECOND }, run, realtimeAheadNs);

/** The far end bounces in XDP what never was a socket buffer, and the near end then needs a program to take it. */
function prepare(sender: SenderName, matcher: MatcherName): void {
  attach(sender === 'live' ? 'xdp_bounce' : 'tc_bounce');
  if (matcher === 'xdp' || sender !== 'live') detach(NEAR, 'xdp');
  else attachBeside('xdp_pass', NEAR);
}

/** Totals, once all that is expected is counted, or after a second. */
async function counted(matcher: Matcher, expected: number): Promise<ReturnType<Matcher['totals']>> {
  for (let tries = 0; tries < 100 && matcher.totals().received < expected; tries += 1) await sleep(10);
  return matcher.totals();
}

function agrees(sender: SenderName, matcher: MatcherName): void {
  test(`${sender} and ${matcher}: sent, seen by the router and counted are one number`, async () => {
    prepare(sender, matcher);
    const run = newRun();
    const counts = matching(matcher, run, 0);
    const packets = sending(sender, run, 0);
    const before = seen();
    packets.start();
    const { taken, next, deviceDrops } = await finished(packets);
    const totals = await counted(counts, taken);
    counts.settle(next, true);
    for (let tries = 0; tries < 100 && counts.totals().settled < next; tries += 1) await sleep(10);
    const lossRuns = counts.lossRuns(0);
    packets.close();
    counts.close();
    assert.ok(taken > 0);
    assert.is(deviceDrops, 0);
    assert.is(seen() - before, taken);
    assert.equal([totals.received, totals.duplicates, totals.reordered, totals.corrupted, totals.late], [taken, 0, 0, 0, 0]);
    assert.equal([totals.beyond, totals.unverified, totals.otherRun], [0, 0, 0]);
    assert.is(lossRuns.length, 0);
  });
}

function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
}

function faults(): void {
  test('live frames on a device that takes none are refused, and the device is named', () => {
    assert.match(
      refusal(() => openSender({ sender: 'live', tag: 'full', seconds: 1 }, newRun(), 0, 'lo')),
      /\blo\b/,
    );
  });

  test('a queue that takes a few packets only refuses the rest, and what was taken is what the router saw', async () => {
    prepare('sendmmsg', 'tc');
    command('tc', 'qdisc', 'add', 'dev', NEAR, 'root', 'tbf', 'rate', '2mbit', 'burst', '2kb', 'limit', '4kb');
    try {
      const run = newRun();
      const counts = matching('tc', run, 0);
      const packets = sending('sendmmsg', run, 0);
      const before = seen();
      packets.start();
      const { taken, refused } = await finished(packets);
      const { received } = await counted(counts, taken);
      packets.close();
      counts.close();
      assert.ok(refused > 0);
      assert.ok(taken < PER_SECOND * SECONDS);
      assert.equal([seen() - before, received], [taken, taken]);
    } finally {
      command('tc', 'qdisc', 'del', 'dev', NEAR, 'root');
    }
  });

  test("two runs on one interface count their own, and neither takes what is the other's", async () => {
    prepare('sendmmsg', 'tc');
    const runs = [newRun(), newRun()] as const;
    const counts = runs.map((run) => matching('tc', run, 0));
    const packets = runs.map((run) => sending('sendmmsg', run, 0));
    for (const one of packets) one.start();
    const taken = await Promise.all(packets.map(async (one) => (await finished(one)).taken));
    const received = await Promise.all(counts.map(async (one, index) => (await counted(one, taken[index]!)).received));
    for (const one of [...packets, ...counts]) one.close();
    assert.equal(received, taken);
  });

  test('a second matcher in XDP is refused, and the interface is named', () => {
    attach('xdp_bounce');
    detach(NEAR, 'xdp');
    const first = matching('xdp', newRun(), 0);
    const words = refusal(() => matching('xdp', newRun(), 0));
    first.close();
    assert.match(words, NEAR);
  });

  test('a wall clock that is a year off changes no count and no round trip', async () => {
    prepare('sendmmsg', 'tc');
    const run = newRun();
    const aheadNs = 365 * 86_400 * 1e9;
    const counts = matching('tc', run, aheadNs);
    const packets = sending('sendmmsg', run, aheadNs);
    packets.start();
    const { taken } = await finished(packets);
    const { received } = await counted(counts, taken);
    const mostNs = new Float64Array(1);
    counts.cells(0, { mostNs });
    packets.close();
    counts.close();
    assert.is(received, taken);
    assert.ok(mostNs[0]! > 0 && mostNs[0]! < TIMEOUT_NS);
  });
}
