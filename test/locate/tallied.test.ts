/** What is localized from recorded tallies: who is named, with which direction, and what is said not to be known. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { random } from '../../src/engine/simulated/random.ts';
import { locateTallied, type Tallied, type TalliedOptions } from '../../src/locate/tallied.ts';
import { pathTally } from '../../src/locate/tallied-path.ts';
import { collectPaths } from '../../src/locate/tallied-paths.ts';

type Row = readonly [path: string, sent: number, received: number, unknown?: number];

/** A letter is a node. */
function told(rows: readonly Row[], options: Partial<TalliedOptions> = {}): Tallied {
  const paths = collectPaths();
  for (const [line, [path, sent, received, unknown = 0]] of rows.entries()) {
    const tally = pathTally({ path: [...path], sent, received, unknown });
    if (typeof tally === 'string') throw new Error(tally);
    paths.add(tally, line + 1);
  }
  return locateTallied(paths.collected(), { threshold: 0.01, confidence: 0.99, undirected: false, method: 'likelihood', ...options });
}

test('a lossy link is named with its direction and an interval around its loss, and the others are clear', () => {
  const { verdict, links, method } = told([
    ['abcx', 4000, 3800],
    ['aby', 4000, 4000],
    ['cbay', 4000, 4000],
    ['zcx', 4000, 4000],
    ['abcy', 4000, 3800],
    ['dbay', 4000, 4000],
  ]);
  assert.is(method, 'explanations');
  assert.equal(
    verdict.suspects.map((one) => 'from' in one && [one.from, one.to, one.direction]),
    [['b', 'c', 'from-to']],
  );
  const [one] = verdict.suspects;
  assert.ok(one!.low < 0.05 && one!.high > 0.05 && one!.low > 0.04 && one!.high < 0.06, JSON.stringify(one));
  const row = links.find(({ from, to }) => `${from}${to}` === 'bc');
  assert.is(row?.forward?.state, 'suspect');
});

test('out and back by the same links tells a link, and no direction', () => {
  const { verdict } = told([
    ['aba', 4000, 4000],
    ['abcba', 4000, 3600],
    ['abcdcba', 4000, 3600],
  ]);
  const named = verdict.suspects.map((one) => 'from' in one && [one.from, one.to, one.direction]);
  assert.equal(named, [['b', 'c', 'not-identifiable']]);
});

test('links that only one path crosses are one stretch, from end to end', () => {
  const { verdict } = told([['abcdx', 4000, 3600]]);
  assert.equal(
    verdict.suspects.map((one) => 'from' in one && [one.from, one.to, one.direction]),
    [['a', 'x', 'from-to']],
  );
});

test('a router is named where all that passes it loses alike, and no link of it', () => {
  const rows: Row[] = ['a', 'b', 'c'].flatMap((from) => ['x', 'y', 'z'].map((to): Row => [`${from}m${to}`, 4000, 3800]));
  const clean: Row[] = ['a', 'b', 'c'].flatMap((from) => ['x', 'y', 'z'].map((to): Row => [`${from}n${to}`, 4000, 4000]));
  const { verdict } = told([...rows, ...clean]);
  assert.equal(
    verdict.suspects.map((one) => ('device' in one ? one.device : one)),
    ['m'],
  );
});

test('what loses may also be the router at its end where no path tells, and that is said', () => {
  const { verdict } = told([
    ['abc', 4000, 3600],
    ['ab', 4000, 4000],
    ['abd', 4000, 4000],
  ]);
  assert.ok(verdict.unknown.some(({ links, why }) => links[0]?.from === 'c' && /may be what loses instead/.test(why)));
});

test('with --undirected both directions are one link', () => {
  const { verdict, size } = told(
    [
      ['ab', 4000, 4000],
      ['ba', 4000, 4000],
      ['abcd', 4000, 3800],
      ['dcba', 4000, 3800],
      ['cd', 4000, 4000],
      ['ace', 4000, 4000],
      ['ecb', 4000, 3800],
      ['ebd', 4000, 4000],
    ],
    { undirected: true },
  );
  assert.is(size.links, 7);
  assert.equal(
    verdict.suspects.map((one) => 'from' in one && [one.from, one.to, one.direction]),
    [['b', 'c', 'both']],
  );
});

test('behind what loses all nothing is clear', () => {
  const { verdict, links } = told([
    ['aba', 4000, 4000],
    ['aeba', 4000, 4000],
    ['aecea', 4000, 4000],
    ['abcba', 4000, 0],
    ['abcdcba', 4000, 0],
  ]);
  assert.equal(
    verdict.suspects.map((one) => 'from' in one && [one.from, one.to]),
    [['b', 'c']],
  );
  assert.match(verdict.unknown.find(({ links: [first] }) => first?.from === 'c' && first.to === 'd')?.why ?? '', /^behind b–c/);
  assert.is(links.find(({ from }) => from === 'c')?.both?.state, 'behind');
});

test('a shallow walk that loses more than a deeper one is a contradiction, and nobody is blamed', () => {
  const { verdict } = told([
    ['aba', 4000, 3000],
    ['abcba', 4000, 3900],
  ]);
  assert.is(verdict.kind, 'unknown');
  assert.equal(verdict.suspects, []);
  assert.match(verdict.unknown[0]!.why, /contradict .* 1000 of 4000 .* 100 of 4000/);
});

test('a contradiction is told once of what it touches, and its rows are undecided', () => {
  const { verdict, links } = told([
    ['abc', 10_000, 9000],
    ['abcd', 10_000, 9990],
  ]);
  assert.equal([verdict.kind, verdict.suspects, verdict.unknown.length], ['unknown', [], 1]);
  assert.match(verdict.unknown[0]!.why, /contradict/);
  assert.equal(
    links.map(({ from, to, forward }) => [from, to, forward?.state]),
    [
      ['a', 'c', 'undecided'],
      ['c', 'd', 'clear'],
    ],
  );
});

test('what is not known for counts that tell nothing is what no other path crosses', () => {
  const { verdict } = told([
    ['abd', 10_000, 10_000],
    ['abc', 100, 120],
    ['abd', 0, 0],
  ]);
  assert.equal(
    verdict.unknown.map(({ links, wouldSettle }) => [links, wouldSettle]),
    [
      [[{ from: 'b', to: 'c' }], 'the counts as they were, with what came twice counted once'],
      [[], 'probes over this path'],
    ],
  );
});

test('counts that tell nothing are named by line and left out', () => {
  const { verdict, size } = told([
    ['ab', 4000, 4000],
    ['bc', 0, 0],
    ['bc', 10, 11],
    ['cd', 10, 0, 10],
  ]);
  assert.is(size.paths, 1);
  assert.is(verdict.kind, 'unknown');
  const whys = verdict.unknown.map(({ why }) => why);
  for (const [line, why] of [
    [2, /no probe was sent/],
    [3, /11 received .* more than the 10 sent/],
    [4, /nothing is known/],
  ] as const) {
    assert.ok(
      whys.some((one) => one.startsWith(`line ${line} is not counted`) && why.test(one)),
      whys.join('; '),
    );
  }
});

test('too few probes are no clean bill, unknown probes no loss', () => {
  const few = told([['ab', 30, 30]]);
  assert.is(few.verdict.kind, 'unknown');
  assert.match(few.verdict.unknown[0]!.why, /^too few probes/);
  assert.is(told([['ab', 4000, 2000, 2000]]).verdict.kind, 'clear');
});

test('no path at all is unknown, not clear', () => {
  assert.is(told([]).verdict.kind, 'unknown');
});

/** A grid of directed links with one lossy one; every path through three columns. */
function grid(width: number, seed: number, bad: string, loss: number): Row[] {
  const chance = random(seed);
  const lost = (path: string): number => {
    const [one, two, three] = path;
    const share = [`${one}${two}`, `${two}${three}`].includes(bad) ? loss : 0;
    return Array.from({ length: 300 }).reduce<number>((sum) => sum + (chance.fraction() < share ? 1 : 0), 0);
  };
  const nodes = (first: number): string[] => Array.from({ length: width }, (_, at) => String.fromCodePoint(first + at));
  return nodes(0x4e00).flatMap((one) =>
    nodes(0x5e00).flatMap((two) => nodes(0x6e00).map((three): Row => [`${one}${two}${three}`, 300, 300 - lost(`${one}${two}${three}`)])),
  );
}

test('a large network gets the same verdict by one joint fit, and by NetBouncer', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), (seed, from, to) => {
      const [one, other] = [String.fromCodePoint(0x4e00 + from), String.fromCodePoint(0x5e00 + to)];
      const rows = grid(13, seed, `${one}${other}`, 0.2);
      for (const method of ['likelihood', 'netbouncer'] as const) {
        const { verdict, method: by } = told(rows, { method, confidence: 0.99999 }); // an interval of 99 % would miss in some of many runs
        assert.is(by, method);
        assert.equal(
          verdict.suspects.map((each) => ('from' in each ? [each.from, each.to, each.direction] : each)),
          [[one, other, 'from-to']],
        );
        assert.ok(verdict.suspects[0]!.low < 0.2 && verdict.suspects[0]!.high > 0.2);
      }
    }),
    { numRuns: 8 },
  );
});

test('mistakes of form are told with what stands there', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [7, /7 is no object/],
    [{ sent: 1, received: 1 }, /"path" is missing/],
    [{ path: ['a'], sent: 1, received: 1 }, /one node: a link takes two/],
    [{ path: ['a', 7], sent: 1, received: 1 }, /the node 7/],
    [{ path: ['a', '\u001b[2J'], sent: 1, received: 1 }, /the node/],
    [{ path: ['a', 'a'], sent: 1, received: 1 }, /from "a" to itself/],
    [{ path: ['a', 'b'], sent: -1, received: 1 }, /"sent" is -1/],
    [{ path: ['a', 'b'], sent: 1, received: 1.5 }, /"received" is 1.5/],
    [{ path: ['a', 'b'], sent: 1, received: 1, unknown: '0' }, /"unknown" is "0"/],
  ];
  for (const [value, why] of cases) assert.match(String(pathTally(value)), why);
});

test.run();
