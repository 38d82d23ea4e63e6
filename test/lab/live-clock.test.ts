/** The clock is set while packets come in, and no round trip, deadline or count knows of it. The file runs again inside the vantage of a lab. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openLive } from '../../src/engine/live/live.ts';
import { type Addon, loadAddon, type NativeSocket } from '../../src/host/addon.ts';
import { openAsk } from '../../src/probe/ask.ts';
import { question } from '../../src/probe/question.ts';
import { newRun } from '../../src/probe/run.ts';
import { nodeNamed } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { rootMissing, skip } from '../skip.ts';
import { FLOW } from './differential-plans.ts';
import { fixture } from './raised.ts';
import { runWithin, WITHIN } from './within.ts';

const within = process.env[WITHIN];
const reason = rootMissing();
const HOUR = 3600_000_000_000n;
const SENT = 300;

/** Nobody else's clock is set: this addon only says so, of the clock and of every stamp that the kernel makes after that moment. */
function stepping(addon: Addon, afterMs: number, byNs: bigint): Addon {
  const realtimeNs = (): bigint => addon.monotonicNs() + addon.realtimeAheadNs();
  const atNs = realtimeNs() + BigInt(afterMs) * 1_000_000n;
  const moved = (timeNs: bigint): bigint => (timeNs >= atNs ? timeNs + byNs : timeNs);
  const stepped = (socket: NativeSocket): NativeSocket => ({
    activate: () => socket.activate(),
    send: (...packets) => socket.send(...packets),
    linkType: () => socket.linkType(),
    take(most) {
      const batch = socket.take(most);
      return batch && { ...batch, times: batch.times.map(moved) };
    },
    watch: (readable) => socket.watch(readable),
    unwatch: () => socket.unwatch(),
    dropped: () => socket.dropped(),
    received: () => 0,
    close: () => socket.close(),
  });
  function PcapSocket(options: ConstructorParameters<Addon['PcapSocket']>[0]): NativeSocket {
    return stepped(new addon.PcapSocket(options)); // what a constructor returns is what `new` makes
  }
  return {
    ...addon,
    PcapSocket: PcapSocket as unknown as Addon['PcapSocket'],
    realtimeAheadNs: () => addon.realtimeAheadNs() + (realtimeNs() >= atNs ? byNs : 0n),
  };
}

interface Measured {
  readonly counts: Record<string, number>;
  readonly longestMs: number;
  readonly notices: readonly string[];
}

async function measured(topology: Topology, byNs: bigint): Promise<Measured> {
  await using engine = openLive({ interface: null, source: null, largest: 0, bufferBytes: 1 << 20 }, stepping(loadAddon(), 200, byNs));
  const to = nodeNamed(topology, 'd')!.loopback[4];
  const us = (await engine.route(to)).source;
  const layers = [
    { source: us, destination: to, ttl: 64 },
    { source: us, destination: us, ttl: 64 },
  ];
  const asked = await question(engine, { layers, flow: FLOW, landing: 1 }, 0);
  const counts: Record<string, number> = {};
  let longestNs = 0;
  const options = { everyNs: () => 1_000_000, timeoutNs: () => 200_000_000, settle: 'deadline' } as const;
  for await (const seen of openAsk(engine, newRun()).ask(Array(SENT).fill(asked), options)) {
    counts[seen.kind] = (counts[seen.kind] ?? 0) + 1;
    if (seen.kind === 'landed') longestNs = Math.max(longestNs, seen.rttNs);
  }
  return { counts, longestMs: longestNs / 1e6, notices: engine.notices!().map(({ code, message }) => `${code} ${message}`) };
}

if (reason) {
  skip('a clock that is set in mid-run', reason);
  test.run();
} else if (within === undefined) {
  await runWithin({ ...fixture('line', 'clock'), name: 'v_clock' }, import.meta.url, 30_000);
} else {
  const topology = JSON.parse(within) as Topology;
  for (const [words, byNs] of [
    ['forward', HOUR],
    ['back', -HOUR],
  ] as const) {
    test(`a clock that is set ${words} by an hour changes no count and no round trip, and is told once`, async () => {
      const { counts, longestMs, notices } = await measured(topology, byNs);
      assert.equal(counts, { landed: SENT });
      assert.ok(longestMs < 150, `${longestMs} ms`);
      assert.is(notices.length, 1);
      assert.match(notices[0]!, new RegExp(`^CLOCK_STEP The clock was set ${words} by 3(600|599\\.999)`));
    });
  }
  test.run();
}
