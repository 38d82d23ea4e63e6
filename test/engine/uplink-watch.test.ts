/** What counts as dropped by this machine, and as an outage of its uplink, from counters as the kernel would tell them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type UplinkWatch, uplinkWatch } from '../../src/engine/live/uplink-watch.ts';
import type { NativeCounters } from '../../src/host/addon.ts';
import type { Interface } from '../../src/host/interface.ts';

const WELL: NativeCounters = { isUp: true, hasCarrier: true, received: 0, sent: 0 };
const device = (index: number): Interface => ({ index, name: `x_test${index}`, mtu: 1500, up: true, hasNeighbours: true });
const DEVICES = [device(2), device(3)];
const ALL = (): Interface[] => DEVICES;
const MS = 1_000_000n;

interface Machine {
  readonly watch: UplinkWatch;
  /** What the kernel says of an interface from now on; null: it is gone. */
  tell(index: number, counters: Partial<NativeCounters> | null): void;
  /** Lets 100 ms pass, and looks. */
  look(): void;
}

function machine(): Machine {
  const told = new Map<number, NativeCounters | null>(DEVICES.map(({ index }) => [index, WELL]));
  let nowNs = 0n;
  const watch = uplinkWatch({ counters: (index) => told.get(index) ?? null }, () => nowNs);
  return {
    watch,
    tell: (index, counters) => void told.set(index, counters && { ...WELL, ...told.get(index), ...counters }),
    look() {
      nowNs += 100n * MS;
      watch.look();
    },
  };
}

test('drops of before are not ours, later ones of the uplink are, in both directions', () => {
  const { watch, tell, look } = machine();
  tell(2, { received: 1000, sent: 500 });
  watch.leaves(device(2), ALL);
  look();
  assert.is(watch.drops(), 0);
  tell(2, { received: 1003, sent: 502 });
  look();
  assert.is(watch.drops(), 5);
});

test('what a queue refused was never sent, so that it is no drop', () => {
  const { watch, tell, look } = machine();
  watch.leaves(device(2), ALL);
  for (let i = 0; i < 7; i += 1) watch.refused();
  tell(2, { sent: 7 });
  look();
  assert.is(watch.drops(), 0);
  tell(2, { sent: 9 });
  look();
  assert.is(watch.drops(), 2);
});

test('another interface counts once answers come by it, and what it fails to send does not', () => {
  const { watch, tell, look } = machine();
  watch.leaves(device(2), ALL);
  tell(3, { received: 5 });
  look();
  assert.is(watch.drops(), 0);
  watch.arrives('x_test3', ALL);
  tell(3, { received: 6, sent: 100 });
  look();
  assert.is(watch.drops(), 1);
});

test('the sum never falls, also where an interface is made anew', () => {
  const { watch, tell, look } = machine();
  watch.leaves(device(2), ALL);
  tell(2, { received: 4 });
  look();
  tell(2, { received: 0 });
  look();
  assert.is(watch.drops(), 4);
  tell(2, { received: 1 });
  look();
  assert.is(watch.drops(), 5);
});

test('an outage begins with the last look that was well, and ends with the first that is', () => {
  for (const state of [{ isUp: false, hasCarrier: false }, { hasCarrier: false }, null]) {
    const { watch, tell, look } = machine();
    watch.leaves(device(2), ALL);
    look();
    tell(2, state);
    look();
    look();
    assert.equal(
      watch.outages().map(({ fromNs, untilNs }) => [fromNs, untilNs]),
      [[100n * MS, null]],
    );
    tell(2, { isUp: true, hasCarrier: true });
    look();
    look();
    assert.equal(
      watch.outages().map(({ fromNs, untilNs }) => [fromNs, untilNs]),
      [[100n * MS, 400n * MS]],
    );
  }
});

test('an interface by which nothing leaves may go down', () => {
  const { watch, tell, look } = machine();
  watch.leaves(device(2), ALL);
  watch.arrives('x_test3', ALL);
  tell(3, { isUp: false });
  look();
  assert.equal(watch.outages(), []);
});

test.run();
