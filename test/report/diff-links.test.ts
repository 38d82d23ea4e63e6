/** What a comparison says of links: their loss, what they add to the round trip, and which came or went. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Random, random } from '../../src/engine/simulated/random.ts';
import { stoppedInterval } from '../../src/infer/stopped-interval.ts';
import { type Compared, compared } from '../../src/report/diff.ts';
import { runOf } from '../../src/report/diff-run.ts';
import { type Difference, diffLines } from '../../src/report/diff-text.ts';
import type { ComparisonEvent, Event, LinkEvent, Moved } from '../../src/report/event.ts';
import { edge, end, latency, link, node, path, pathsRun, plan, start, verdict } from './samples.ts';

const diff = (a: readonly Event[], b: readonly Event[]): Compared => compared({ file: 'a', run: runOf(a)! }, { file: 'b', run: runOf(b)! });
const moved = (a: readonly Event[], b: readonly Event[]): readonly Moved[] => diff(a, b).comparison.moved;
const standing = ({ links }: Compared): string => links.map((one) => one.link).join(' ');

type Estimate = NonNullable<LinkEvent['both']>;
const losing = (loss: number, low: number, high: number): Estimate => ({ state: 'undecided', loss, low, high, probes: 1000 });
const CLEAN = losing(0, 0, 0.002);
const BAD = losing(0.03, 0.02, 0.042);
const hidden: Estimate = { state: 'behind', loss: null, low: null, high: null, probes: 0 };

const drawn = (...links: LinkEvent[]): Event[] => [start({ command: 'locate' }), plan(), ...links, end({ reached: null })];
const directed = (forward: Estimate, backward: Estimate): LinkEvent => link('10.0.1.1', '10.0.1.2', { forward, backward });
const around = (both: Estimate): LinkEvent => link('10.0.1.1', '10.0.1.2', { how: 'there and back', forward: null, backward: null, both });

test('a direction has moved where its intervals leave no room for the same loss, and the other has not', () => {
  const found = diff(drawn(directed(CLEAN, CLEAN)), drawn(directed(CLEAN, BAD)));
  const [one] = found.links;
  assert.equal([one!.moved, one!.forward!.low < 0 && one!.forward!.high > 0, one!.backward!.low > 0], [['loss'], true, true]);
  assert.equal(moved(drawn(directed(CLEAN, BAD)), drawn(directed(CLEAN, losing(0.035, 0.021, 0.05)))), []);
});

test('a direction that one run tells and the other does not is compared there and back', () => {
  assert.equal(moved(drawn(directed(CLEAN, BAD)), drawn(around(losing(0.031, 0.02, 0.043)))), []);
  const found = diff(drawn(directed(CLEAN, CLEAN)), drawn(around(BAD)));
  assert.equal([found.links[0]!.forward, found.links[0]!.both!.b, found.links[0]!.moved], [null, 0.03, ['loss']]);
});

test('what is not known is no change, nor is a run that was cut, nor one that does not tell its confidence', () => {
  const before = drawn(directed(CLEAN, CLEAN));
  assert.not(diff(before, drawn(directed(hidden, hidden))).tells);
  const after = drawn(directed(BAD, BAD));
  assert.equal(moved(before, after), ['loss']);
  const cut = diff(before, [...after.slice(0, -1), end({ reached: null, interrupted: true, exit: 5 })]);
  assert.equal([cut.tells, cut.comparison.moved], [false, []]);
  const untold = after.map((event) => {
    const { confidence: _, ...rest } = plan();
    return event.type === 'plan' ? (rest as Event) : event;
  });
  assert.not(diff(before, untold).tells);
});

test('a verdict that is another has moved where a loss did, and alone says nothing', () => {
  const located = (one: LinkEvent, kind: 'clear' | 'suspect' | 'unknown'): Event[] => [
    ...drawn(one).slice(0, -1),
    verdict({ kind, suspects: [] }),
    end({ reached: null }),
  ];
  const [good, bad] = [directed(CLEAN, CLEAN), directed(BAD, CLEAN)];
  assert.equal(moved(located(good, 'clear'), located(bad, 'suspect')), ['verdict', 'loss']);
  assert.equal(moved(located(good, 'clear'), located(good, 'suspect')), []);
  assert.equal(moved(located(good, 'unknown'), located(bad, 'suspect')), ['loss']);
});

test('a router is compared where both runs suspect it', () => {
  const suspecting = (loss: number, low: number, high: number): Event[] => [
    ...drawn(directed(CLEAN, CLEAN)).slice(0, -1),
    verdict({ suspects: [{ device: '10.255.0.3', loss, low, high }] }),
    end({ reached: null, exit: 1 }),
  ];
  const [, router] = diff(suspecting(0.03, 0.02, 0.042), suspecting(0.3, 0.26, 0.35)).links;
  assert.equal([router!.from, router!.to, router!.moved], ['10.255.0.3', null, ['loss']]);
  assert.equal(moved(suspecting(0.03, 0.02, 0.042), drawn(directed(CLEAN, CLEAN))), []);
});

test('a link that is drawn in one run alone has come or gone; one of a searched path, or behind a stretch, may only not be seen', () => {
  const [one, two] = [link('10.0.1.1', '10.0.1.2'), link('10.0.2.1', '10.0.2.2')];
  assert.equal([standing(diff(drawn(one), drawn(two))), moved(drawn(one), drawn(two))], ['removed added', ['link']]);
  const searched = (event: LinkEvent): Event[] => [
    start({ command: 'locate' }),
    path('10.0.0.1', '10.0.1.2', '10.255.0.7'),
    ...drawn(event).slice(1),
  ];
  assert.equal([standing(diff(searched(one), searched(two))), moved(searched(one), searched(two))], ['silent heard', []]);
  const stretch = link('10.0.1.1', '10.0.9.2', { is: 'routers' });
  assert.is(standing(diff(drawn(one), drawn(stretch))), 'silent heard');
});

const adding = (least: number, median: number, fields = {}): Event[] => {
  const between = (value: number): { value: number; low: number; high: number } => ({ value, low: value - 0.1, high: value + 0.1 });
  return [start({ command: 'locate' }), latency({ leastMs: between(least), medianMs: between(median), ...fields }), end({ reached: null })];
};

test('what a link adds has moved where the medians lie further apart than both intervals reach', () => {
  const found = diff(adding(1, 1.1), adding(1, 3));
  assert.equal([found.links[0]!.medianMs!.low.toFixed(3), found.links[0]!.moved], ['1.700', ['rtt']]);
  assert.equal(moved(adding(1, 1.1), adding(1, 1.25)), []);
  assert.equal(moved(adding(1, 3), adding(1, 1.1)), ['rtt']);
});

test('intervals that fail together more often than once in twenty move nothing', () => {
  assert.not(diff(adding(1, 1.1, { confidence: 0.95 }), adding(1, 3)).tells);
  assert.equal(moved(adding(1, 1.1, { confidence: 0.975 }), adding(1, 3, { confidence: 0.975 })), ['rtt']);
});

const graph = (...leaveOut: number[]): Event[] =>
  pathsRun().filter(
    (event) =>
      !(
        (event.type === 'node' && leaveOut.includes(event.id)) ||
        (event.type === 'edge' && (leaveOut.includes(event.from) || leaveOut.includes(event.to)))
      ),
  );

const withNode = (events: readonly Event[], id: number, missed: number | null): Event[] =>
  events.map((event) => (event.type === 'node' && event.id === id ? { ...event, missed } : event));

test('a way that one search alone found has come or gone where the other can hardly have missed it', () => {
  const sure = (events: readonly Event[]): Event[] => withNode(events, 5, 0.001);
  const [all, one] = [sure(pathsRun()), graph(5)];
  assert.equal(moved(all, all), []);
  assert.equal([standing(diff(all, one)), moved(all, one)], ['same same removed same silent', ['link']]); // 5 to 6 is not sure
  assert.equal(moved(one, all), ['link']);
  for (const missed of [0.06, null]) assert.equal(moved(all, withNode(one, 1, missed)), []);
});

test('all searches of a comparison together miss a way once in twenty at most', () => {
  const wide = (missed: number): Event[] => [1, 4, 6].reduce((events, id) => withNode(events, id, missed), graph(5));
  const all = (missed: number): Event[] => [1, 4, 6].reduce((events, id) => withNode(events, id, missed), withNode(pathsRun(), 5, missed));
  assert.equal(moved(all(0.005), wide(0.005)), ['link']);
  assert.equal(moved(all(0.02), wide(0.02)), []); // 0.14 in sum: which of the routers missed one is not known
});

test('a router that falls silent takes no way with it', () => {
  const silent = withNode(pathsRun(), 1, null).map((event) =>
    event.type === 'node' && event.id === 4 ? { ...event, is: 'silent' as const, addresses: [] } : event,
  );
  assert.equal(moved(pathsRun(), silent), []);
  const split = [start({ command: 'paths' }), node(0, { is: 'us', missed: 0 }), node(1), edge(0, 1), end()];
  assert.equal(
    diff(split, split).links.map(({ from, to }) => `${from} ${to}`),
    ['10.0.0.1 10.0.1.1'],
  );
});

/** A direction as a sequential test leaves it: probes go on, 100 at a time, until the interval is on one side of 1 % or there are 4000. */
function stopped(chance: Random, loss: number): Estimate {
  for (let [lost, sent] = [0, 0]; ; ) {
    for (let probe = 0; probe < 100; probe += 1) lost += Number(chance.fraction() < loss);
    sent += 100;
    const { low, high } = stoppedInterval(lost, sent, 0.99)!;
    if (low > 0.01 || high < 0.01 || sent >= 4000) return { state: 'undecided', loss: lost / sent, low, high, probes: sent };
  }
}

const LOSSES = [0, 0.0001, 0.004, 0.01, 0.02, 0.05, 0.3, 1];

test('of 400 pairs of locates over an unchanged network, one in twenty at most shows something', () => {
  const chance = random(4);
  const run = (): Event[] =>
    drawn(
      ...LOSSES.map((loss, at) =>
        link(`10.0.${at}.1`, `10.0.${at}.2`, { forward: stopped(chance, loss), backward: stopped(chance, loss) }),
      ),
    );
  const wrong = Array.from({ length: 400 }, () => diff(run(), run())).filter(({ comparison }) => comparison.moved.length > 0);
  assert.ok(wrong.length <= 20, `${wrong.length} of 400`);
});

test('a loss of 5 % that comes on one of sixteen directions is told nearly always', () => {
  const chance = random(5);
  const run = (bad: number): Event[] =>
    drawn(
      ...LOSSES.map((_, at) =>
        link(`10.0.${at}.1`, `10.0.${at}.2`, { forward: stopped(chance, at === 3 ? bad : 0), backward: stopped(chance, 0) }),
      ),
    );
  const told = Array.from({ length: 100 }, () => diff(run(0), run(0.05))).filter(({ links }) => links[3]!.moved.includes('loss'));
  assert.ok(told.length >= 95, `${told.length} of 100`);
});

test('each link has a row, each move a sentence, and no line is wider than 80 columns', () => {
  const text = (a: readonly Event[], b: readonly Event[]): string[] => {
    const { comparison, links } = diff(a, b);
    const stamped = links.map((one) => ({ v: 1, timeMs: 0, ...one }) as Difference);
    return diffLines({ v: 1, timeMs: 0, ...comparison } as ComparisonEvent, stamped, null).map((line) => line.text);
  };
  const named = { fromName: 'r1', toName: 'r2' };
  assert.equal(text(drawn(directed(CLEAN, CLEAN)), drawn({ ...directed(CLEAN, BAD), ...named })).slice(2), [
    'LINK    LOSS A     LOSS B',
    'r1–r2  0 / 0 %  0 / 3.0 %  <- loss',
    'Moved:',
    '  r2→r1: loss 0 % in A, 3.0 % in B: +2.0 to +4.2 points',
  ]);
  const long = {
    fromName: 'a-router-with-a-very-long-name.somewhere.example',
    toName: 'another-router-with-a-long-name.elsewhere.example',
  };
  for (const line of text(drawn(directed(CLEAN, CLEAN)), drawn({ ...directed(CLEAN, BAD), ...long }))) assert.ok(line.length <= 80, line);
  assert.ok(text(adding(1, 1.1), adding(1, 3)).some((line) => line.startsWith('  r1–r2: adds 1.10 ms (median) in A, 3.00 ms in B')));
});

test.run();
