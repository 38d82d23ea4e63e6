/** A session ends with exactly one `end`, whatever its command does. */
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Body, type Problem, problemOf, type Said, session } from '../../src/cli/session.ts';
import { BeaconError, type ErrorCode, EXIT_OF } from '../../src/error.ts';
import type { Event } from '../../src/report/event.ts';

const OPTIONS = { engine: 'simulated', read: 'fixtures/topologies/line.yaml', interface: 'any', answers: 'few' } as const;
const NOTE: Said = { type: 'problem', code: 'NOTE', message: 'half way' };

interface Told {
  readonly events: readonly Event[];
  readonly exit: number;
  /** The reporter was closed once, after everything. */
  readonly closed: boolean;
}

async function told(
  body: Promise<Body>,
  signal = new AbortController().signal,
  options: Parameters<typeof session>[0] = OPTIONS,
): Promise<Told> {
  const events: Event[] = [];
  let closed = 0;
  const reporter = {
    event: (event: Event): void => {
      assert.is(closed, 0);
      events.push(event);
    },
    close: (): void => {
      closed += 1;
    },
  };
  const exit = await session(options, body, reporter, signal);
  return { events, exit, closed: closed === 1 };
}

const body = (work: () => AsyncGenerator<Said, { reached: boolean | null; exit: number }>): Promise<Body> => Promise.resolve(work);

function assertEnds({ events, exit, closed }: Told, types: readonly string[], code: number): void {
  assert.equal(
    events.map(({ type }) => type),
    types,
  );
  assert.ok(closed);
  const end = events.at(-1)!;
  assert.ok(end.type === 'end');
  assert.equal([exit, end.exit], [code, code]);
}

test('a command that ends says what it came to', async () => {
  const run = await told(
    body(async function* () {
      yield NOTE;
      return { reached: true, exit: 0 };
    }),
  );
  assertEnds(run, ['problem', 'end'], 0);
  assert.ok(run.events.every((event) => event.v === 1 && event.timeMs >= 1_767_225_600_000)); // the engine's clock
});

test('an error of ours half way is a problem with its own exit code', async () => {
  for (const code of Object.keys(EXIT_OF) as ErrorCode[]) {
    const run = await told(
      body(async function* () {
        yield NOTE;
        throw new BeaconError(code, 'what, which value, what next');
      }),
    );
    assertEnds(run, ['problem', 'problem', 'end'], EXIT_OF[code]);
  }
});

test('any other error is a bug: 70, asked to be reported, its stack only with BEACON_DEBUG=1', async () => {
  const run = await told(
    body(async function* () {
      yield NOTE;
      throw new TypeError('undefined is not a function');
    }),
  );
  assertEnds(run, ['problem', 'problem', 'end'], 70);
  const stackless: Problem = problemOf(new TypeError('x'));
  assert.not.match(stackless.message, /\n/);
  process.env.BEACON_DEBUG = '1';
  assert.match(problemOf(new TypeError('x')).message, /\n\s+at /);
  delete process.env.BEACON_DEBUG;
  assert.match(problemOf('a string').message, /a string/);
});

test('a network that does not open, and a command that does not load, end alike', async () => {
  const idle = body(async function* () {
    yield NOTE;
    return { reached: null, exit: 0 };
  });
  assertEnds(await told(idle, undefined, { ...OPTIONS, read: 'fixtures/topologies/none.yaml' }), ['problem', 'end'], 2);
  assertEnds(await told(Promise.reject(new BeaconError('ERR_USAGE', 'no'))), ['problem', 'end'], 2);
});

test('an interrupted command has time to say what it knows', async () => {
  const controller = new AbortController();
  const run = await told(
    Promise.resolve(async function* (_network, signal) {
      yield NOTE;
      setTimeout(() => controller.abort(), 10);
      while (!signal.aborted) await sleep(5);
      await sleep(200);
      yield NOTE;
      return { reached: false, exit: 1 };
    }),
    controller.signal,
  );
  assertEnds(run, ['problem', 'problem', 'end'], 1);
  assert.ok((run.events.at(-1) as { interrupted?: boolean }).interrupted);
});

test('one that waits for something else is not waited for', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  const began = performance.now();
  const run = await told(
    body(async function* () {
      yield NOTE;
      await new Promise(() => {});
      return { reached: true, exit: 0 };
    }),
    controller.signal,
  );
  assertEnds(run, ['problem', 'problem', 'end'], 5);
  assert.is((run.events[1] as { code?: string }).code, 'INTERRUPTED');
  const tookMs = performance.now() - began;
  assert.ok(tookMs >= 440 && tookMs < 700, `${tookMs} ms`);
});

test.run();
