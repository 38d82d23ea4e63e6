/** `--write`: a network whose packets and answers are recorded as they come. */
import { randomBytes } from 'node:crypto';
import type { Engine } from '../engine/engine.ts';
import { CAPTURE_FILTER } from '../engine/live/filter.ts';
import { type RecordingEngine, recordingEngine } from '../engine/recording/recording.ts';
import { createWriter, type RecordingWriter } from '../engine/recording/writer.ts';
import type { BeaconError } from '../error.ts';
import type { Names } from '../host/names.ts';
import { newRun } from '../probe/run.ts';
import { LINK_TYPE } from '../wire/link.ts';
import type { Network } from './network.ts';
import { readUserFile } from './network.ts';
import type { Call } from './program.ts';
import { notingStamps } from './stamps.ts';
import { VERSION } from './version.ts';

export interface WriteOptions {
  readonly write: string;
  readonly flush?: boolean;
  readonly call: Call;
}

/** Of a run: number, key and the key of its IP IDs. */
const RUN_BYTES = 24;
const CAPTURED: Readonly<Record<Engine['name'], { linkType: number; filter?: string }>> = {
  live: { linkType: LINK_TYPE.linuxCooked2, filter: CAPTURE_FILTER },
  pcap: { linkType: LINK_TYPE.ethernet, filter: CAPTURE_FILTER },
  cap: { linkType: LINK_TYPE.ethernet, filter: CAPTURE_FILTER },
  simulated: { linkType: LINK_TYPE.ethernet },
  replay: { linkType: LINK_TYPE.linuxCooked2 },
};

/** Throws BeaconError ERR_FILE where the file cannot be made. */
export async function recordedNetwork(
  network: Network,
  { write, flush = false, call }: WriteOptions,
  signal: AbortSignal,
): Promise<Network> {
  const { engine } = network;
  const failing = new AbortController();
  const writer = createWriter(write, {
    application: `braceroute ${VERSION}`,
    captured: CAPTURED[engine.name],
    eachPacket: flush,
    failing: () => failing.abort(),
  });
  const startNs = engine.nowNs();
  const random = recordedRandom(network, writer);
  writer.message({
    kind: 'plan',
    version: VERSION,
    command: call.command,
    words: call.words,
    options: call.options,
    files: await filesOf(call),
    random: random.first,
    run: runOf(random.first),
    engine: engine.name,
    realTime: engine.can.realTime,
    countDrops: engine.can.countDrops,
    startNs,
    machineNs: BigInt(Date.now()) * 1_000_000n,
  });
  writer.flush();
  const failure = writer.file.failure();
  if (failure !== null) throw failure; // before anything is sent
  process.once('exit', writer.flush); // a second Ctrl-C ends us at once
  const recording = recordingEngine(engine, writer, startNs);
  signal.addEventListener('abort', () => recording.interrupted(), { once: true });
  return {
    engine: recording,
    names: recordedNames(network.names, writer),
    random: random.next,
    ...(network.ownAddresses !== undefined && {
      ownAddresses: (beside) => {
        const addresses = network.ownAddresses!(beside);
        writer.message({ kind: 'own', beside, addresses });
        return addresses;
      },
    }),
    ...(network.linkSpeed !== undefined && {
      linkSpeed: (name) => {
        const bitsPerSecond = network.linkSpeed!(name);
        writer.message({ kind: 'speed', interface: name, bitsPerSecond });
        return bitsPerSecond;
      },
    }),
    ...notingStamps(engine.nowNs, startNs, writer.message),
    ended: failing.signal,
    finish: () => finished(writer, recording),
  };
}

interface RecordedRandom {
  readonly first: Uint8Array;
  readonly next: (length: number) => Uint8Array;
}

/** The first bytes are drawn before they are asked for, since the plan tells them. */
function recordedRandom({ random = randomBytes }: Network, writer: RecordingWriter): RecordedRandom {
  const first = Uint8Array.from(random(RUN_BYTES));
  let given = 0;
  return {
    first,
    next(length) {
      const known = first.subarray(given, given + length);
      given += known.length;
      const more = Uint8Array.from(random(length - known.length));
      if (more.length > 0) writer.message({ kind: 'random', bytes: more });
      return Uint8Array.from([...known, ...more]);
    },
  };
}

function runOf(random: Uint8Array): { number: number; key: Uint8Array; idKey: number } {
  const { number, idKey } = newRun(() => random);
  return { number, key: random.subarray(4, 20), idKey };
}

/** What is read from files may be another thing tomorrow. */
async function filesOf({ options }: Call): Promise<Record<string, string>> {
  const { map, paths, topology } = options;
  return {
    ...(typeof map === 'string' && { map: await readUserFile(map) }),
    ...(typeof paths === 'string' && { paths: await readUserFile(paths) }),
    ...(typeof topology === 'string' && { topology: await (await import('./topology-file.ts')).topologyText(topology) }),
  };
}

const recordedNames = (names: Names, writer: RecordingWriter): Names => ({
  ...names,
  async addresses(name, family) {
    const addresses = await names.addresses(name, family);
    writer.message({ kind: 'addresses', name, family, addresses });
    return addresses;
  },
  async name(address) {
    const beganMs = performance.now();
    const name = await names.name(address);
    writer.message({ kind: 'name', address, name, tookMs: performance.now() - beganMs });
    return name;
  },
});

/** Why the recording is not whole; null: it is. */
function finished(writer: RecordingWriter, recording: RecordingEngine): BeaconError | null {
  writer.close(recording.nowNs(), recording.dropped());
  process.off('exit', writer.flush);
  return writer.file.failure();
}
