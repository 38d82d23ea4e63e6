/** What befell the vantage itself, and by which interface answers come: silence proves nothing then, and our own stack is no router. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Disturbance, Engine, Packet } from '../../src/engine/engine.ts';
import { openAsk } from '../../src/probe/ask.ts';
import type { Observation } from '../../src/probe/observation.ts';
import { type Scripted, scripted } from './scripted.ts';
import { error, landing, MS, OPTIONS, question, RUN, TIMEOUT, times } from './told.ts';

interface Seen {
  readonly seen: Observation[];
  readonly self: number;
}

/** `change` makes of the scripted engine what a test needs. */
async function seenBy(engine: Scripted, change: Partial<Engine>, count: number, timeoutNs: number = TIMEOUT): Promise<Seen> {
  const asking = openAsk({ ...engine, ...change }, RUN);
  const seen: Observation[] = [];
  for await (const one of asking.ask(times(count), { ...OPTIONS, timeoutNs: () => timeoutNs, settle: 'first' })) seen.push(one);
  return { seen, self: asking.strays.self };
}

const kinds = ({ seen }: Seen): string[] => seen.map(({ kind }) => kind);

const span = (engine: Engine, fromMs: number, untilMs: number | null): Disturbance => ({
  code: 'INTERFACE_DOWN',
  message: 'x_test was down',
  fromNs: engine.nowNs() + BigInt(fromMs * MS),
  untilNs: untilMs === null ? null : engine.nowNs() + BigInt(untilMs * MS),
});

test('silence that a disturbance falls into is unknown, any number of times; other silence is lost', async () => {
  const engine = scripted({ replies: () => [] });
  const disturbances = [span(engine, 4.5, 7.5)]; // probes leave each millisecond and are waited for 2 ms
  assert.equal(kinds(await seenBy(engine, { disturbances: () => disturbances }, 10, 2 * MS)), [
    'lost',
    'lost',
    'lost',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
    'lost',
    'lost',
  ]);
});

test('a disturbance that goes on excuses all silence from its beginning, and no answer', async () => {
  const engine = scripted({ replies: (sent) => (sent.index % 2 === 0 ? [landing(sent, MS)] : []) });
  const disturbances = [span(engine, 0, null)];
  const told = await seenBy(engine, { disturbances: () => disturbances }, 6);
  assert.equal(kinds(told), ['landed', 'landed', 'landed', 'unknown', 'unknown', 'unknown']);
});

const arriving = (engine: Scripted, by: string): Pick<Engine, 'receive'> => ({
  receive: async (untilNs) => (await engine.receive(untilNs)).map((packet): Packet => ({ ...packet, arrivedBy: by })),
});

test('an error that comes by the loopback interface is our own, whatever its source, and the probe is still waited for', async () => {
  const engine = scripted({ replies: (sent) => [error(sent, MS)] });
  const told = await seenBy(engine, arriving(engine, 'lo'), 2);
  assert.equal([kinds(told), told.self], [['lost', 'lost'], 2]);
  assert.ok(engine.sinceNs() >= TIMEOUT);
});

test('an outcome tells by which interface its packet came, and the engine hears of those by another than its probe left by', async () => {
  for (const [by, heard] of [
    ['other0', ['other0', 'other0']],
    ['test0', []],
  ] as const) {
    const engine = scripted({ replies: (sent) => [sent.index === 0 ? landing(sent, MS) : error(sent, MS)] });
    const told: (string | undefined)[] = [];
    const { seen } = await seenBy(engine, { ...arriving(engine, by), heard: ({ arrivedBy }) => void told.push(arrivedBy) }, 2);
    assert.equal(
      seen.map((one) => [one.kind, 'arrivedBy' in one && one.arrivedBy]),
      [
        ['landed', by],
        ['answered', by],
      ],
    );
    assert.equal(told, heard);
  }
});

test('an engine that does not tell the interface is none the worse', async () => {
  const engine = scripted({ replies: (sent) => [landing(sent, MS)] });
  assert.equal(kinds(await seenBy(engine, {}, 1)), ['landed']);
  assert.is(engine.sent[0]!.route, question.route);
});

test.run();
