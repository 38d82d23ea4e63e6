/** Engines whose packets are recorded, for tests. */

import type { Engine } from '../../src/engine/engine.ts';
import { type RecordingEngine, recordingEngine } from '../../src/engine/recording/recording.ts';
import { createWriter } from '../../src/engine/recording/writer.ts';
import { LINK_TYPE } from '../../src/wire/link.ts';

/** Disposing of it ends the recording. */
export function recordingOf(inner: Engine, file: string, eachPacket = false): RecordingEngine {
  const writer = createWriter(file, {
    application: 'a test',
    captured: { linkType: LINK_TYPE.ethernet, filter: 'icmp' },
    eachPacket,
    failing: () => {},
  });
  const startNs = inner.nowNs();
  const { realTime, countDrops } = inner.can;
  const run = { number: 1, key: new Uint8Array(16), idKey: 1 };
  const called = { command: 'trace', words: ['d'], options: {}, files: {}, random: new Uint8Array(24) };
  writer.message({ kind: 'plan', version: '0', ...called, run, engine: inner.name, realTime, countDrops, startNs, machineNs: startNs });
  const engine = recordingEngine(inner, writer, startNs);
  const dispose = async (): Promise<void> => {
    await engine.close();
    writer.close(engine.nowNs(), engine.dropped());
  };
  return { ...engine, [Symbol.asyncDispose]: dispose };
}
