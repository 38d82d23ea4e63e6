/** What silence in a table cannot be, on tables made by hand. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { onlyRefuses, unanswering } from '../../src/boomerang/no-answer.ts';
import { newTally, type Tally } from '../../src/boomerang/tally.ts';

type Counts = Partial<Pick<Tally, 'received' | 'lost'>> & { readonly errors?: Readonly<Record<string, number>> };

/** In the order of a path, each hop measured. */
const table = (...rows: readonly Counts[]): Tally[] =>
  rows.map(({ errors = {}, received = 0, lost = 0 }, index) => {
    const tally = newTally(index + 1, `10.0.${index}.2`, true);
    for (const [kind, count] of Object.entries(errors)) tally.errors.set(kind, count);
    return Object.assign(tally, { received, lost, sent: received + lost + [...tally.errors.values()].reduce((a, b) => a + b, 0) });
  });

const found = (tallies: readonly Tally[]): number[] => unanswering(tallies).map(({ position }) => position);

test('a hop that is silent while deeper probes pass it is no loss, whether it says a word of it or none', () => {
  assert.equal(found(table({ received: 30 }, { lost: 30 }, { received: 30 })), [2]);
  assert.equal(found(table({ received: 30 }, { lost: 29, errors: { 'icmp 3/2': 1 } }, { received: 30 })), [2]);
  assert.equal(found(table({ lost: 28, errors: { 'icmpv6 3/0': 2 } }, { received: 30 })), [1]);
});

test('loss that deeper probes share, or that chance may make, is loss', () => {
  assert.equal(found(table({ received: 30 }, { lost: 30 }, { lost: 30 })), []);
  assert.equal(found(table({ received: 1, lost: 29 }, { received: 30 })), []);
  assert.equal(found(table({ lost: 3 }, { received: 30 })), []);
  assert.equal(found(table({ lost: 30 }, { lost: 25, received: 5 })), []);
});

test('a hop whose every error is a refusal does not decapsulate: Linux refuses in two ways', () => {
  const refuses = (errors: Readonly<Record<string, number>>): boolean => onlyRefuses(table({ lost: 20, errors })[0]!);
  for (const kind of ['icmp 3/2', 'icmp 3/3', 'icmpv6 4/1', 'icmpv6 1/4']) assert.ok(refuses({ [kind]: 3 }), kind);
  assert.not(refuses({}));
  assert.not(refuses({ 'icmp 3/2': 3, 'icmp 11/0': 1 }));
});

test.run();
