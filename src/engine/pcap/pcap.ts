/** The engine `pcap`: probes leave and answers come in by the npm package of that name, which lives in a process of its own. */
import { packageMissing, packageVersion } from '../../host/optional-package.ts';
import type { Engine } from '../engine.ts';
import type { LiveOptions } from '../live/live.ts';
import { openPackageEngine } from '../packages/engine.ts';
import { type Frame, type Handle, type HandleOptions, linkTypeOf } from '../packages/handle.ts';
import { startProcess } from './process.ts';

/** Frames that may be on their way to the process: what is more is not taken. */
const QUEUE = 4096;
const US = 1000n;

/** Throws BeaconError ERR_ENGINE where the package is not there. */
export function openPcap(options: LiveOptions): Engine {
  if (packageVersion('pcap') === null) throw packageMissing('pcap');
  return openPackageEngine({ name: 'pcap', countDrops: true, open: openHandle }, options);
}

/** Each interface has its own process. */
async function openHandle({ device, filter, snapLength, bufferBytes, clock, wake, refused }: HandleOptions): Promise<Handle> {
  let frames: Frame[] = [];
  let [underWay, refusals, missed, looks] = [0, 0, 0, 0];
  const session = await startProcess(
    { kind: 'open', device, filter, snapLength, bufferBytes },
    {
      packets({ frames: come, stampsUs }) {
        clock.look();
        for (const [index, bytes] of come.entries()) frames.push({ bytes, timeNs: clock.timeOf(stampsUs[index]! * US) });
        wake();
      },
      sent({ count, refused: ofThem }) {
        underWay -= count;
        refusals += ofThem;
        for (let one = 0; one < ofThem; one += 1) refused();
      },
      looked({ dropped }) {
        missed = Math.max(missed, dropped);
      },
    },
    wake,
  );
  return {
    linkType: linkTypeOf(session.linkType, device),
    send(all) {
      const taken = all.slice(0, QUEUE - underWay);
      if (taken.length === 0) return 0;
      underWay += taken.length;
      session.tell({ kind: 'send', frames: taken });
      return taken.length;
    },
    take() {
      session.refuseEnded();
      const come = frames;
      frames = [];
      return come;
    },
    settle() {
      looks += 1;
      return session.look(looks);
    },
    drops: () => refusals + missed,
    close: session.close,
  };
}
