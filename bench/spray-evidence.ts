/** Records to JavaScript at rate: how many a second are read, and whether each packet stands in one count. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openEvidence } from '../src/engine/live/evidence.ts';
import type { SenderName } from '../src/engine/spray.ts';
import { newRun } from '../src/probe/run.ts';
import { attach, attachBeside, detach, FAR, NEAR } from './spray-veth.ts';
import { finished, openSender } from './spray-ways.ts';

export interface Delivered {
  readonly perSecond: number;
  readonly sent: number;
  readonly read: number;
  /** Told: there was no room in the ring of records, or in the kernel's. */
  readonly dropped: number;
  /** In no count. */
  readonly unaccounted: number;
}

/** The far end sends landings; the near end's stack drops them behind the tap. */
export async function delivered(sender: SenderName, seconds: number, perSecond: number | null): Promise<Delivered> {
  attach('xdp_pass', NEAR); // so that it takes redirected frames
  attachBeside('tc_count', NEAR);
  const run = newRun();
  let read = 0;
  let sum = 0; // each record is looked at
  const job = { device: NEAR, run, templates: 1, flows: 1, tag: 'full' as const, room: 2 ** 18 };
  const reading = openEvidence(job, () => {
    read += reading.read((words, at) => {
      sum += words[at + 5]!;
    });
  });
  const source = openSender({ sender, tag: 'full', seconds, ...(perSecond && { perSecond }) }, run, 0, FAR);
  const before = read;
  source.start();
  const { taken, deviceDrops } = await finished(source);
  const perSecondRead = (read - before) / seconds;
  await sleep(100);
  source.close();
  const { full, others, dropped } = reading.counts();
  reading.close();
  for (const place of ['xdp', 'tc'] as const) detach(NEAR, place);
  if (sum < 0) throw new Error('Sequences only grow');
  const lost = full + dropped;
  return { perSecond: perSecondRead, sent: taken, read, dropped: lost, unaccounted: taken - (deviceDrops ?? 0) - read - lost - others };
}
