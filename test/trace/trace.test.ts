/** Traces over networks in memory: hops equal the shortest paths, on any topology; times are the schedule's, by the engine's clock. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Engine } from '../../src/engine/engine.ts';
import type { simulated } from '../../src/engine/simulated/simulated.ts';
import { openAsk } from '../../src/probe/ask.ts';
import { PLAIN } from '../../src/topology/behaviour.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { Topology } from '../../src/topology/topology.ts';
import type { Hop } from '../../src/trace/hop.ts';
import type { PathEnds } from '../../src/trace/path-kind.ts';
import { type TraceOptions, trace } from '../../src/trace/trace.ts';
import { fixture } from '../lab/raised.ts';
import { FLOW, loopback, open, ownerOf, randomTopology, sourceFor, testRun } from './networks.ts';

const SECOND = 1e9;
const MS = 1e6;
const OPTIONS: TraceOptions = { count: 3, silentTries: 2, firstTtl: 1, lastTtl: 30, timeoutNs: 3 * SECOND, flow: FLOW };

interface Traced {
  readonly hops: readonly Hop[];
  /** By the engine's clock, since the trace began. */
  readonly sentNs: readonly number[];
  readonly tookNs: number;
  readonly entry: string | null;
}

async function traced(engine: Engine, ends: PathEnds, options: Partial<TraceOptions> = {}, signal?: AbortSignal): Promise<Traced> {
  const beganNs = engine.nowNs();
  const sentNs: number[] = [];
  const watched: Engine = {
    ...engine,
    send: (route, packets) => {
      sentNs.push(...packets.map(() => Number(engine.nowNs() - beganNs)));
      return engine.send(route, packets);
    },
  };
  const hops: Hop[] = [];
  let entry: string | null = null;
  for await (const seen of trace(watched, openAsk(watched, testRun(), signal), ends, { ...OPTIONS, ...options })) {
    if (seen.kind === 'hop') hops.push(seen.hop);
    else entry = `${seen.answer.from} ${seen.answer.icmp.type}/${seen.answer.icmp.code}`;
  }
  return { hops, sentNs, tookNs: Number(engine.nowNs() - beganNs), entry };
}

const names = (topology: Topology, { hops }: Traced): string =>
  hops.map(({ answers }) => ownerOf(topology, answers.find((answer) => answer !== null)?.address ?? null)).join(' ');

const isOneOf = (path: string, ways: readonly (readonly string[])[]): void => {
  const all = ways.map((way) => way.join(' '));
  assert.ok(all.includes(path), `${path} is none of ${all.join(' | ')}`);
};

async function forward(topology: Topology, family: 4 | 6 = 4, to = 'd'): Promise<{ engine: ReturnType<typeof simulated>; ends: PathEnds }> {
  const { engine } = open(topology);
  const target = loopback(topology, to, family);
  const us = await sourceFor(engine, target);
  return { engine, ends: { kind: 'trace', us, from: us, to: target } };
}

test('on any topology, forward, reverse and between are shortest paths of its costs', async () => {
  await fc.assert(
    fc.asyncProperty(randomTopology, fc.constantFrom(4 as const, 6 as const), async (topology, family) => {
      const { engine, ends } = await forward(topology, family);
      isOneOf(
        names(topology, await traced(engine, ends)),
        shortestPaths(topology, 'a', 'd', family).map((way) => way.slice(1)),
      );
      const reverse: PathEnds = { kind: 'reverse', us: ends.us, from: ends.to, to: ends.us };
      isOneOf(names(topology, await traced(engine, reverse)), shortestPaths(topology, 'd', ends.us));
      const from = loopback(topology, 'r1', family);
      const between: PathEnds = { kind: 'between', us: ends.us, from, to: ends.to };
      isOneOf(names(topology, await traced(engine, between)), shortestPaths(topology, 'r1', 'd', family));
    }),
    { numRuns: 40, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
  );
});

const troubles: fc.Arbitrary<Fault> = fc
  .record({
    loss: fc.constantFrom(0, 0.1, 0.5),
    duplicate: fc.constantFrom(0, 0.5),
    corrupt: fc.constantFrom(0, 0.2),
    delayMs: fc.constantFrom(0, 5, 200),
    jitterMs: fc.constantFrom(0, 300),
    reorder: fc.constantFrom(0, 0.3),
    policer: fc.constantFrom(null, { perSecond: 20, burst: 2 }),
  })
  .map((trouble) => ({ ...NO_FAULT, ...trouble }));

test('whatever links do, each probe that was asked of a hop is an answer or a null there', async () => {
  await fc.assert(
    fc.asyncProperty(
      randomTopology,
      fc.constantFrom(4 as const, 6 as const),
      fc.array(fc.tuple(fc.nat(), fc.nat(1), troubles), { maxLength: 3 }),
      async (topology, family, breaks) => {
        const { engine, ends } = await forward(topology, family);
        for (const [link, end, trouble] of breaks) {
          const chosen = topology.links[link % topology.links.length]!;
          engine.fault(chosen.id, chosen.ends[end]!.node, trouble);
        }
        const asked = new Map<number, number>();
        const counting: Engine = {
          ...engine,
          send: (route, packets) => {
            for (const packet of packets) {
              const ttl = packet[family === 4 ? 8 : 7]!;
              asked.set(ttl, (asked.get(ttl) ?? 0) + 1);
            }
            return engine.send(route, packets);
          },
        };
        const { hops } = await traced(counting, ends, { timeoutNs: SECOND });
        assert.equal(
          hops.map(({ ttl }) => ttl),
          hops.map((_, index) => index + 1),
        );
        const found = hops.at(-1)!.reached;
        // Where the end is silent nobody waits for last tries, nor does a hop that was told as silent before the end was heard; an end
        // that answered a farther probe first has that one too.
        for (const { ttl, answers, reached } of hops) {
          const told = answers.length;
          const isEarly = told < asked.get(ttl)! && (!found || answers.every((answer) => answer === null));
          assert.ok(
            told === asked.get(ttl) || isEarly || (reached && told === asked.get(ttl)! + 1),
            `ttl ${ttl}: ${told} of ${asked.get(ttl)}`,
          );
        }
      },
    ),
    { numRuns: 60, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
  );
});

for (const family of [4, 6] as const) {
  test(`IPv${family}: an end that answers one probe a second stands where the ttl that was left in its answer says`, async () => {
    const topology = fixture('line', 'x');
    const { engine, ends } = await forward(topology, family);
    engine.behave('d', { ...PLAIN, icmpPolicer: { perSecond: 1, burst: 1 } });
    const first = await traced(engine, ends, { count: 1, firstTtl: 8, lastTtl: 8 }); // uses up what d says for a second
    await engine.receive(engine.nowNs() + 880n * 1_000_000n);
    const second = await traced(engine, ends, { count: 1 });
    assert.ok(second.sentNs.length > 5, 'the probes with ttl 4 and 5 met silence');
    const reached = ({ hops }: Traced): number[] => hops.filter((hop) => hop.reached).map(({ ttl }) => ttl);
    assert.equal([reached(first), reached(second)], [[8], [4]]); // a trace that begins at 8 has no hop before it to count from
    assert.is(second.hops.length, 4);
  });
}

test('round 1 asks every 20 ms, and stops at the first answer of the target', async () => {
  const { engine, ends } = await forward(fixture('line', 'x'));
  const { sentNs, hops } = await traced(engine, ends, { count: 1 });
  assert.equal(
    sentNs.map((ns) => Math.round(ns / MS)),
    [0, 20, 40, 60],
  );
  assert.is(hops.length, 4);
});

test('a dead target with 30 ttls and 3 s of patience is given up after 3.6 s', async () => {
  for (const profile of ['lab', 'stock'] as const) {
    const { engine, ends } = await forward(fixture('line', 'x', { profile }));
    engine.fault('r3-d', 'r3', { ...NO_FAULT, blackhole: true });
    const seen = await traced(engine, ends);
    assert.ok(seen.tookNs <= 3.6 * SECOND, `${seen.tookNs / SECOND} s`);
    assert.is(names(engine.topology, seen), ['r1', 'r2', 'r3', ...Array(27).fill('*')].join(' '));
    assert.equal(
      seen.hops.map(({ answers }) => answers.length),
      [3, 3, 3, ...Array(27).fill(1)],
    );
  }
});

test('a silent hop is waited for no longer than 150 ms once the target answered, asked twice, and once more after a second', async () => {
  const { engine, ends } = await forward(fixture('silent', 'x'));
  const seen = await traced(engine, ends);
  assert.is(names(engine.topology, seen), 'r1 * r3 d');
  assert.equal(
    seen.hops.map(({ answers }) => answers.length),
    [3, 3, 3, 3],
  );
  assert.is(seen.sentNs.length, 4 * 3);
  assert.ok(seen.sentNs.at(-2)! < 400 * MS, `${seen.sentNs}`);
  assert.ok(seen.tookNs < 1600 * MS, `${seen.tookNs / MS} ms`); // 60 ms of round 1, three times 150 ms, and the second
});

test('a silent hop on a slow path gets three times the round trip of the target', async () => {
  const slow = fixture('silent', 'x');
  const links = slow.links.map((link) => ({ ...link, delayMs: 50 })); // 400 ms there and back
  const { engine, ends } = await forward({ ...slow, links });
  const seen = await traced(engine, ends);
  assert.is(names(engine.topology, seen), 'r1 * r3 d');
  assert.ok(seen.tookNs > 1200 * MS && seen.tookNs < 3300 * MS, `${seen.tookNs / MS} ms`);
});

test('one flow for all probes, whatever their ttl and round: on equal paths every hop is on the same one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1024, max: 65_535 }), async (sourcePort) => {
      const { engine, ends } = await forward(fixture('ecmp4', 'x'));
      const { hops } = await traced(engine, ends, { flow: { ...FLOW, sourcePort } });
      for (const { answers } of hops) assert.is(new Set(answers.map((answer) => answer?.address)).size, 1);
    }),
    { numRuns: 20 },
  );
});

test('a router that does not decapsulate is told as trouble before the path, not as a hop', async () => {
  const topology = fixture('nondecap', 'x');
  const { engine, ends } = await forward(topology);
  const r2 = loopback(topology, 'r2', 4);
  for (const kind of ['reverse', 'between'] as const) {
    const seen = await traced(engine, { kind, us: ends.us, from: r2, to: kind === 'reverse' ? ends.us : ends.to });
    assert.equal([seen.entry, seen.hops.length], [`${r2} 3/2`, 0]);
  }
});

test('an interrupted trace yields what was heard until then, each hop with an answer or a null', async () => {
  const topology = fixture('silent', 'x');
  const { engine, ends } = await forward(topology);
  engine.fault('r3-d', 'r3', { ...NO_FAULT, blackhole: true });
  const controller = new AbortController();
  const beganNs = engine.nowNs();
  const until: Engine = {
    ...engine,
    receive: (untilNs) => {
      if (engine.nowNs() - beganNs > 500n * BigInt(MS)) controller.abort();
      return engine.receive(untilNs);
    },
  };
  const seen = await traced(until, ends, {}, controller.signal);
  assert.is(names(topology, seen), 'r1 * r3');
  assert.equal(seen.hops[1]!.answers, [null]); // asked, and its time is not over yet
  assert.ok(seen.tookNs < 700 * MS);
});

test('-f and -m bound what is asked', async () => {
  const { engine, ends } = await forward(fixture('line', 'x'));
  const late = await traced(engine, ends, { firstTtl: 3 });
  assert.equal(
    late.hops.map(({ ttl }) => ttl),
    [3, 4],
  );
  const short = await traced(engine, ends, { lastTtl: 2 });
  assert.equal(
    short.hops.map(({ ttl, reached }) => [ttl, reached]),
    [
      [1, false],
      [2, false],
    ],
  );
});

test.run();
