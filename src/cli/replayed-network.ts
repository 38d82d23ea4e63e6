/** A recording as a command uses it: everything that the run asked of its network, answered as it was then. */
import { setImmediate as eventLoop } from 'node:timers/promises';
import type { Recorded } from '../engine/replay/recorded.ts';
import { replay } from '../engine/replay/replay.ts';
import { BeaconError } from '../error.ts';
import type { Names } from '../host/names.ts';
import type { Network } from './network.ts';
import { notedStamps } from './stamps.ts';

export interface ReplayOptions {
  /** What `--engine replay` replays. */
  readonly recorded?: Promise<Recorded>;
  /** `1`: as fast as the run itself was. */
  readonly speed?: '1' | 'max';
}

/** A name that took longer came after its line (see namer.ts). */
const LINE_WAITS_MS = 300;
/** Answers to the last probes may come so much later than they are waited for. */
const GRACE_S = 0.2;

export async function replayedNetwork({ recorded: reading, speed = 'max' }: ReplayOptions): Promise<Network> {
  const recorded = await reading;
  if (recorded?.plan == null) throw new BeaconError('ERR_USAGE', '--engine replay needs a recording: --read FILE');
  const { plan } = recorded;
  const timeout = typeof plan.options.timeout === 'number' ? plan.options.timeout : 3;
  const engine = replay(recorded, { inRealTime: speed === '1', patienceNs: BigInt(Math.round((timeout + GRACE_S) * 1e9)) });
  return {
    engine,
    names: replayedNames(recorded),
    random: replayedRandom(recorded, plan.random),
    ...(recorded.own.size > 0 && { ownAddresses: (beside) => recorded.own.get(beside) ?? [] }),
    linkSpeed: (name) => recorded.speeds.get(name) ?? null,
    ...notedStamps(recorded.events, plan.startNs, engine.nowNs),
    ended: engine.ended,
    isIncomplete: engine.isIncomplete,
  };
}

/** A name that came after its line comes after it again, if it was told at all; one that was never answered never is. */
function replayedNames({ addresses, names, events }: Recorded): Names {
  const told = new Set(events.map(({ event }) => event));
  let comes = (): void => {}; // the name that was asked for last, where it is late
  return {
    async addresses(name, family) {
      return addresses.find((one) => one.name === name && one.family === family)?.addresses ?? [];
    },
    name(address) {
      const known = names.get(address);
      comes = () => {};
      if (known !== undefined && known.tookMs < LINE_WAITS_MS) return Promise.resolve(known.name);
      return new Promise((resolve) => {
        if (known !== undefined && told.has(`name ${address}`)) comes = () => resolve(known.name);
      });
    },
    async patience() {
      const late = comes;
      await eventLoop();
      queueMicrotask(late);
      return undefined;
    },
  };
}

/** Bytes beyond what the run drew are of a replay that has left its tracks: any will do. */
function replayedRandom({ random }: Recorded, first: Uint8Array): (length: number) => Uint8Array {
  const all = Uint8Array.from([...first, ...random.flatMap((bytes) => [...bytes])]);
  let given = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    bytes.set(all.subarray(given, given + length));
    given += length;
    return bytes;
  };
}
