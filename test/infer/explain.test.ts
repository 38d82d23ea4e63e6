/** Explanations of losses: on networks whose answer is known, against a grid of likelihoods, and over many runs drawn from the model. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { planWalks } from '../../src/infer/circuits.ts';
import { type Diagnosis, explain } from '../../src/infer/explain.ts';
import { rankOf } from '../../src/infer/rank.ts';
import type { Walk, WalkCounts } from '../../src/infer/walk.ts';
import { CHAIN, CYCLE, network, randomEdges } from './networks.ts';
import { chanceOf, counts } from './random.ts';

const near = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);

/** The counts that the losses give in the mean. */
const expected = (walks: readonly Walk[], losses: ReadonlyMap<number, number>, sent: number): WalkCounts[] =>
  walks.map(({ crossings }) => {
    const survival = crossings.reduce((product, component) => product * (1 - (losses.get(component) ?? 0)), 1);
    return { sent, lost: Math.round(sent * (1 - survival)) };
  });

const setsOf = (explanations: Diagnosis['explanations']): string[] =>
  explanations.map(({ faults }) =>
    faults
      .map(({ component }) => component)
      .sort((a, b) => a - b)
      .join(),
  );

test('a link on a cycle is named with its direction, and all others are clear of it', () => {
  const { moves, components, link } = network(CYCLE);
  const walks = planWalks(moves, { vantage: 0, components });
  for (const [from, to] of CYCLE.flatMap(
    ([a, b]) =>
      [
        [a, b],
        [b, a],
      ] as const,
  )) {
    for (const loss of [0.03, 0.3, 1]) {
      const { explanations, judgements } = explain(walks, expected(walks, new Map([[link(from, to), loss]]), 3000), {
        components,
        threshold: 0.01,
      });
      assert.equal(setsOf(explanations), [`${link(from, to)}`], `${from} to ${to} at ${loss}`);
      near(explanations[0]!.faults[0]!.loss, loss, 0.002);
      assert.equal(
        judgements.flatMap((each) => (each.kind === 'suspect' && each.certain ? [each.component] : [])),
        [link(from, to)],
      );
    }
  }
});

test('on a chain either direction explains a link, and a device also its two links together', () => {
  const { moves, components, link, device } = network(CHAIN);
  const walks = planWalks(moves, { vantage: 0, components });
  const bridge = explain(walks, expected(walks, new Map([[link(1, 2), 0.05]]), 20_000), { components, threshold: 0.01 });
  assert.equal(setsOf(bridge.explanations).sort(), [`${link(1, 2)}`, `${link(2, 1)}`]);
  assert.ok(bridge.judgements.every((each) => each.kind !== 'suspect' || !each.certain));
  const router = explain(walks, expected(walks, new Map([[device(2), 0.03]]), 20_000), { components, threshold: 0.01 });
  assert.equal(setsOf(router.explanations), [`${device(2)}`]);
  assert.ok(setsOf(router.larger).includes(`${link(1, 2)},${link(2, 3)}`));
  assert.ok(router.larger.every(({ deviance }) => deviance < 0.1));
});

test('equal losses in opposite directions on a cycle of four have two explanations, unequal ones have one', () => {
  const { moves, components, link } = network(CYCLE, false);
  const walks = planWalks(moves, { vantage: 0, components, walks: 8 });
  const explained = (one: number, other: number): string[] =>
    setsOf(
      explain(
        walks,
        expected(
          walks,
          new Map([
            [link(0, 1), one],
            [link(2, 1), other],
          ]),
          5000,
        ),
        { components, threshold: 0.01 },
      ).explanations,
    );
  assert.equal(
    explained(0.05, 0.05).sort(),
    [
      [link(0, 1), link(2, 1)],
      [link(1, 0), link(1, 2)],
    ]
      .map((set) => set.sort((a, b) => a - b).join())
      .sort(),
  );
  assert.equal(explained(0.05, 0.15), [`${link(0, 1)},${link(2, 1)}`]);
});

test('behind a link that loses all nothing is clear', () => {
  const { moves, components, link, device } = network(CHAIN);
  const walks = planWalks(moves, { vantage: 0, components });
  const { judgements } = explain(walks, expected(walks, new Map([[link(1, 2), 1]]), 1000), { components, threshold: 0.01 });
  const behind = judgements[link(2, 3)]!;
  assert.is(behind.kind, 'behind');
  assert.ok(behind.kind === 'behind' && behind.dead.includes(link(1, 2)));
  assert.is(judgements[device(3)]!.kind, 'behind');
  assert.is(judgements[link(0, 1)]!.kind, 'clear');
});

test('the interval of a fault is that of a grid of likelihoods', () => {
  const walks = [{ crossings: [0] }, { crossings: [0, 1] }];
  const known = [
    { sent: 2000, lost: 0 },
    { sent: 1000, lost: 60 },
  ];
  const { explanations } = explain(walks, known, { components: 2, threshold: 0.01, background: 1e-4, confidence: 0.95, fixed: true });
  assert.equal(setsOf(explanations), ['1']);
  const { loss, low, high } = explanations[0]!.faults[0]!;
  // what the other may lose, up to 1e-4, is too little to matter: the likelihood of 60 of 1000
  const deviance = (p: number): number => 2 * (60 * Math.log(0.06 / p) + 940 * Math.log(0.94 / (1 - p)));
  near(loss, 0.06, 2e-4);
  near(deviance(low), 3.841, 0.1);
  near(deviance(high), 3.841, 0.1);
});

test('names and the order of walks do not matter, and four times the probes make no interval longer', () => {
  const { moves, components, link } = network(CYCLE);
  const walks = planWalks(moves, { vantage: 0, components });
  const chance = chanceOf(5);
  for (const loss of [0.02, 0.1, 0.4]) {
    const known = expected(walks, new Map([[link(2, 3), loss]]), 2000);
    const plain = explain(walks, known, { components, threshold: 0.01 }).explanations[0]!.faults[0]!;
    const names = Array.from({ length: components }, (_, k) => ({ k, at: chance() }))
      .sort((a, b) => a.at - b.at)
      .map(({ k }) => k);
    const renamed = walks.map(({ crossings }) => ({ crossings: crossings.map((one) => names[one]!) })).toReversed();
    const again = explain(renamed, known.toReversed(), { components, threshold: 0.01 }).explanations[0]!.faults[0]!;
    assert.is(again.component, names[plain.component]);
    near(again.low, plain.low, 0.01 * plain.loss);
    near(again.high, plain.high, 0.01 * plain.loss);
    const more = known.map(({ sent, lost }) => ({ sent: 4 * sent, lost: 4 * lost }));
    const narrow = explain(walks, more, { components, threshold: 0.01 }).explanations[0]!.faults[0]!;
    assert.ok(narrow.high - narrow.low < 0.6 * (plain.high - plain.low));
  }
});

test('counts that contradict one another fit nothing, those of the model do', () => {
  const walks = [{ crossings: [0] }, { crossings: [1] }, { crossings: [0, 1] }];
  const sent = 5000;
  assert.ok(
    explain(
      walks,
      [
        { sent, lost: 0 },
        { sent, lost: 0 },
        { sent, lost: 500 },
      ],
      { components: 2, threshold: 0.01 },
    ).fit < 1e-9,
  );
  assert.ok(
    explain(
      walks,
      [
        { sent, lost: 0 },
        { sent, lost: 500 },
        { sent, lost: 500 },
      ],
      { components: 2, threshold: 0.01 },
    ).fit > 0.1,
  );
});

test('losses that come in bursts count for less', () => {
  const walks = [{ crossings: [0] }];
  const rounds = [0, 20, 0, 0, 20, 0, 0, 0, 20, 0].map((lost) => [{ sent: 100, lost }]);
  const known = [{ sent: 1000, lost: 60 }];
  const steady = explain(walks, known, { components: 1, threshold: 0.01 });
  const bursts = explain(walks, known, { components: 1, threshold: 0.01, rounds });
  // Pearson: 3 rounds 14 above the 6 of the mean and 7 of 6 below, over 100 · 0.06 · 0.94 and 9 degrees of freedom
  near(bursts.overdispersion, (3 * 14 ** 2 + 7 * 6 ** 2) / 5.64 / 9, 1e-9);
  assert.is(steady.overdispersion, 1);
  assert.ok(
    bursts.explanations[0]!.faults[0] === undefined || bursts.explanations[0]!.faults[0].low < steady.explanations[0]!.faults[0]!.low,
  );
});

test('components that nothing crossed are not covered, and without probes nothing is said', () => {
  const { judgements, explanations } = explain([{ crossings: [0] }], [{ sent: 0, lost: 0 }], { components: 2, threshold: 0.01 });
  assert.equal(
    judgements.map(({ kind }) => kind),
    ['uncovered', 'uncovered'],
  );
  assert.equal(
    explanations.map(({ faults }) => faults),
    [[]],
  );
});

test('in 120 networks with a fault in each, the fault is among the explanations and nothing else is certain', () => {
  const chance = chanceOf(20261122);
  for (let run = 0; run < 120; run += 1) {
    const edges = randomEdges(chance, 2 + Math.floor(chance() * 5));
    const { moves, components } = network(edges);
    const walks = planWalks(moves, { vantage: 0, components, walks: components });
    const { classes } = rankOf(walks, components);
    const losses = Array.from({ length: components }, () => chance() * 1e-4);
    const fault = Math.floor(chance() * components);
    losses[fault] = [0.02, 0.05, 0.3, 1][run % 4]!;
    const known = counts(
      chance,
      walks,
      losses,
      walks.map(() => 2000),
    );
    const { explanations, judgements } = explain(walks, known, { components, threshold: 0.01 });
    const alike = classes.find((one) => one.includes(fault))!;
    const named = `run ${run}, ${fault} of ${JSON.stringify(edges)}`;
    assert.ok(
      explanations.some(({ faults }) => faults.length === 1 && alike.includes(faults[0]!.component)),
      named,
    );
    for (const each of judgements) {
      if (each.kind === 'suspect' && each.certain) assert.ok(alike.includes(each.component), named);
      if (each.kind === 'clear') assert.ok(losses[each.component]! <= 0.01, named);
    }
  }
});

test('of 400 networks without a fault, at 1 in 10,000 lost on each component, none gets a suspect that is certain', () => {
  const { moves, components } = network(CYCLE);
  const walks = planWalks(moves, { vantage: 0, components, walks: 9 });
  const chance = chanceOf(7);
  for (let run = 0; run < 400; run += 1) {
    const known = counts(
      chance,
      walks,
      Array.from({ length: components }, () => 1e-4),
      walks.map(() => 50 + Math.floor(chance() * 3000)),
    );
    const { explanations } = explain(walks, known, { components, threshold: 0.001 });
    assert.is(explanations[0]!.faults.length, 0, `run ${run}: ${JSON.stringify(known)}`);
  }
});

test('options out of range are bad calls', () => {
  const call = (options: object) => () => explain([], [], { components: 1, threshold: 0.01, ...options });
  assert.throws(call({ threshold: 1 }), /threshold lies between 0 and 1, got 1/);
  assert.throws(call({ background: 0.02 }), /background lies between 0 and the threshold of 0.01, got 0.02/);
  assert.throws(call({ confidence: 99 }), /got 99/);
  assert.throws(call({ overdispersion: 0.5 }), /got 0.5/);
});

test.run();
