/** Two namespaces and a cable: matchers look at the near end, whoever sends is at the far one. */
import type { TagMode } from '../../src/engine/spray.ts';
import { newRun, type Run } from '../../src/probe/run.ts';
import { type Namespaces, namespaces } from '../lab/namespaces.ts';
import { HERE4 } from './matcher-frames.ts';
import type { MatcherProcess, Questions } from './matcher-process.ts';

export const NEAR = 'match_near';
export const FAR = 'match_far';
export const MATCHED = 'matchnear';
export const SENDING = 'matchfar';

export const matcherLab = (): Namespaces =>
  namespaces(
    [NEAR, FAR],
    [
      `link add ${SENDING} netns ${FAR} type veth peer name ${MATCHED} netns ${NEAR}`,
      `-n ${NEAR} link set ${MATCHED} address 02:00:00:00:55:02`,
      `-n ${FAR} link set ${SENDING} address 02:00:00:00:55:01`,
      `-n ${NEAR} addr add ${HERE4}/24 dev ${MATCHED}`,
      `-n ${NEAR} link set ${MATCHED} up`,
      `-n ${FAR} link set ${SENDING} up`,
    ],
    ['net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'], // which would talk by itself
  );

const RUN_BYTES: Uint8Array = Uint8Array.from({ length: 24 }, (_, i) => 7 * i + 1);
export const RUN: Run = newRun(() => RUN_BYTES);
export const OTHER_RUN: Run = newRun(() => RUN_BYTES.map((byte) => byte ^ 0xff));
const KEY: readonly number[] = [...RUN_BYTES.subarray(4, 20)];
export const TIMEOUT_NS = 2e9;

type Plan = Pick<Questions['open'], 'run' | 'key' | 'templates' | 'flows' | 'tag'>;
type Opening = Pick<Questions['open'], 'matcher' | 'templates' | 'flows'> & Partial<Questions['open']>;

export const planOf = (templates: number, flows: number, tag: TagMode = 'full'): Plan => ({
  run: RUN.number,
  key: KEY,
  templates,
  flows,
  tag,
});

/** How it is attached. */
export const opened = (near: MatcherProcess, { templates, flows, tag = 'full', ...more }: Opening): Promise<string[]> =>
  near.ask('open', { ...planOf(templates, flows, tag), idKey: RUN.idKey, timeoutNs: TIMEOUT_NS, device: MATCHED, ...more });

export const settled = (near: MatcherProcess, end: number): ReturnType<typeof near.until<'totals'>> =>
  near.until('totals', null, (totals) => totals.settled >= end);
