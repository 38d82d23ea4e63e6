/** Sinks over streams: what counts as a terminal, and when there is colour. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { streamSink } from '../../src/report/stream-sink.ts';

const terminal = { isTTY: true, columns: 120, rows: 40, write: (): void => {} };
const pipe = { write: (): void => {} };

test('a terminal has a size and colours, a pipe neither', () => {
  const { isTerminal, columns, rows, color } = streamSink(terminal);
  assert.equal([isTerminal, columns, rows, color], [true, 120, 40, true]);
  const other = streamSink(pipe);
  assert.equal([other.isTerminal, other.columns, other.rows, other.color], [false, null, null, false]);
});

test('NO_COLOR takes the colours unless it is empty, and a choice overrules it', () => {
  assert.not(streamSink(terminal, 'auto', { NO_COLOR: '1' }).color);
  assert.ok(streamSink(terminal, 'auto', { NO_COLOR: '' }).color);
  assert.ok(streamSink(pipe, 'always', { NO_COLOR: '1' }).color);
  assert.not(streamSink(terminal, 'never').color);
});

test('a dumb terminal is written like a pipe', () => {
  const sink = streamSink(terminal, 'auto', { TERM: 'dumb' });
  assert.equal([sink.isTerminal, sink.columns, sink.color], [false, null, false]);
});

test('a resized terminal is asked for its size again', () => {
  const stream = { ...terminal };
  const sink = streamSink(stream);
  stream.columns = 80;
  assert.is(sink.columns, 80);
});

test('a call is made after its time, and not once it is cancelled', async () => {
  const sink = streamSink(pipe);
  const startMs = sink.nowMs();
  const cancel = sink.after(1, () => assert.unreachable('cancelled'));
  cancel();
  const held = setTimeout(() => {}, 5000); // the sink's own timers keep no program alive
  await new Promise<void>((resolve) => sink.after(20, resolve));
  clearTimeout(held);
  assert.ok(sink.nowMs() - startMs >= 19);
});

test.run();
