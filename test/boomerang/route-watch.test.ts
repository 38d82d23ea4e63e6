/** What a sweep's watch takes for a change of the route, and what not: on outcomes that are made up. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createRouteWatch, type RouteWatch } from '../../src/boomerang/route-watch.ts';
import { newTally, type Tally } from '../../src/boomerang/tally.ts';
import { random } from '../../src/engine/simulated/random.ts';
import type { Answered, Observation, Probe } from '../../src/probe/observation.ts';

const MS = 1_000_000n;

/** Probes to one position after the other, a millisecond apart; each fares as its letter says. */
class Story {
  readonly watch: RouteWatch = createRouteWatch();
  readonly tallies: Tally[] = [1, 2, 3].map((position) => newTally(position, `10.0.${position}.1`, true));
  nowNs = 0n;
  sequence = 0;

  /** `+` lands, `E` meets an error, `F` another's, `-` is lost, `h` lands with another ttl. */
  tell(position: number, letters: string): this {
    for (const letter of letters) {
      const probe = { sequence: this.sequence++, question: { path: position } } as Probe;
      this.tallies[position - 1]!.sent += 1;
      this.nowNs += MS;
      this.watch.seen(seen(letter, probe), this.nowNs);
      if (this.sequence % 10 === 0) this.watch.look(this.tallies, this.nowNs);
    }
    return this;
  }
}

function seen(letter: string, probe: Probe): Observation {
  if (letter === '-') return { kind: 'lost', probe };
  if (letter === '+' || letter === 'h') return { kind: 'landed', probe, rttNs: 1e6, ttl: letter === '+' ? 63 : 61 };
  const from = letter === 'E' ? '10.0.9.1' : '10.0.9.2';
  const answer: Answered = {
    kind: 'answered',
    probe,
    rttNs: 1e6,
    from,
    icmp: { family: 4, type: 11, code: 0 },
    ttl: 60,
    grade: 'proven',
    leg: 2,
    mtu: null,
    quotedTtl: null,
  };
  return { kind: 'held', probe, answer };
}

const often = (letters: string, times: number): string => letters.repeat(times);

test('errors in place of landings are a sign, from the first of them on', () => {
  const story = new Story().tell(2, often('+', 200)).tell(2, 'EEE');
  const sign = story.watch.sign()!;
  assert.equal([sign.kind, sign.position, sign.sinceNs, sign.answer?.from], ['error', 2, 201n * MS, '10.0.9.1']);
});

test('a stray error or two are none, nor are errors of a position that never landed', () => {
  assert.is(new Story().tell(2, `${often('+', 100)}EE${often('+', 100)}EE+`).watch.sign(), null);
  assert.is(new Story().tell(2, often('E', 1000)).watch.sign(), null);
});

test('errors of many positions are one sign together, and the nearest is named', () => {
  const story = new Story();
  for (const position of [1, 2, 3]) story.tell(position, often('+', 200));
  assert.is(story.tell(3, 'E').tell(2, 'E').watch.sign(), null);
  assert.is(story.tell(3, 'E').watch.sign()?.position, 2);
});

test('where probes are shared out among ways from the start, errors that go on are no sign', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { fraction } = random(seed);
      const letters = Array.from({ length: 200 }, () => (fraction() < 0.5 ? '+' : 'E'));
      return new Story().tell(2, `+E+E+EE++EE+${letters.join('')}`).watch.sign() === null;
    }),
    { numRuns: 200 }, // 22 in a row are needed: one story in 40,000 has them
  );
});

test('an error that was looked into is none again before a landing, another one is', () => {
  const story = new Story().tell(2, `${often('+', 200)}EEE`);
  story.watch.dismiss(story.nowNs);
  assert.is(story.tell(2, often('E', 100)).watch.sign(), null);
  assert.is(story.tell(2, 'FFFFFFFFF').watch.sign()?.answer?.from, '10.0.9.2');
  const again = new Story().tell(2, `${often('+', 200)}EEE`);
  again.watch.dismiss(again.nowNs);
  assert.is.not(again.tell(2, `${often('+', 100)}${often('E', 10)}`).watch.sign(), null);
});

test('silence of a second is a sign where nearer hops still answer', () => {
  const story = new Story();
  for (let turn = 0; turn < 300; turn += 1) for (const position of [1, 2, 3]) story.tell(position, '+');
  for (let turn = 0; turn < 300; turn += 1) story.tell(1, '+').tell(2, '-').tell(3, '-');
  assert.is(story.watch.sign(), null); // 0.9 s
  for (let turn = 0; turn < 100; turn += 1) story.tell(1, '+').tell(2, '-').tell(3, '-');
  assert.equal([story.watch.sign()?.kind, story.watch.sign()?.position], ['silence', 2]);
  assert.is(story.watch.since(2).lost, 400);
});

test('silence of all is none: it is our own, or that of the first link', () => {
  const story = new Story();
  for (let turn = 0; turn < 300; turn += 1) for (const position of [1, 2, 3]) story.tell(position, '+');
  for (let turn = 0; turn < 3000; turn += 1) for (const position of [1, 2, 3]) story.tell(position, '-');
  assert.is(story.watch.sign(), null);
});

test('random loss of half of all probes is no silence', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { fraction } = random(seed);
      const letter = (): string => (fraction() < 0.5 ? '+' : '-');
      const story = new Story();
      for (let turn = 0; turn < 1500; turn += 1) story.tell(1, '+').tell(2, letter()).tell(3, letter());
      return story.watch.sign() === null;
    }),
    { numRuns: 20 },
  );
});

test('another ttl at home is a sign where it was steady and stays', () => {
  assert.equal(new Story().tell(1, `${often('+', 100)}hhhhh`).watch.sign()?.ttls, [63, 61]);
  assert.is(new Story().tell(1, `${often('+', 100)}hhhh+`).watch.sign(), null);
  assert.is(new Story().tell(1, often('+h', 500)).watch.sign(), null);
});

test.run();
