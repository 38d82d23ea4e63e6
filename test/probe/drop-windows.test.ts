import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createDropWindows } from '../../src/probe/drop-windows.ts';

test('no drop excuses nothing', () => {
  const windows = createDropWindows(7, 0);
  windows.look(7, 100);
  windows.look(7, 200);
  assert.not(windows.excuses(0, 200));
});

test('as many missing probes are unknown as packets were dropped', () => {
  const windows = createDropWindows(0, 0);
  windows.look(2, 100);
  assert.equal(
    [0, 1, 2].map(() => windows.excuses(50, 60)),
    [true, true, false],
  );
});

test('a drop excuses only what was awaited while it happened', () => {
  const windows = createDropWindows(0, 0);
  windows.look(0, 100);
  windows.look(1, 200);
  windows.look(1, 300);
  assert.not(windows.excuses(0, 99));
  assert.not(windows.excuses(201, 300));
  assert.ok(windows.excuses(0, 101));
});

test('drops of before are no drops of ours', () => {
  const windows = createDropWindows(1000, 0);
  windows.look(1001, 10);
  assert.ok(windows.excuses(0, 10));
  assert.not(windows.excuses(0, 10));
});

test('a probe that waited over two windows takes the drops of both in turn', () => {
  const windows = createDropWindows(0, 0);
  windows.look(1, 100);
  windows.look(2, 200);
  assert.equal(
    [0, 1, 2].map(() => windows.excuses(50, 150)),
    [true, true, false],
  );
});

test('a counter that falls back is not believed, and not counted twice when it grows again', () => {
  const windows = createDropWindows(5, 0);
  windows.look(3, 100);
  windows.look(5, 200);
  assert.not(windows.excuses(0, 200));
  windows.look(6, 300);
  assert.ok(windows.excuses(0, 300));
});

test.run();
