/** `braceroute locate --from FILE`: the same verdict without a network, from what probes over many paths came to. */
import { CANNOT_TELL } from '../../error.ts';
import { locateTallied } from '../../locate/tallied.ts';
import { EVENT_VERSION, type Event } from '../../report/event.ts';
import type { Reporter } from '../../report/reporter.ts';
import type { Call } from '../program.ts';
import type { Said } from '../session.ts';
import { readTallies } from '../tally-file.ts';

export interface LocateFromOptions {
  readonly from: string;
  readonly undirected?: boolean;
  readonly method: 'likelihood' | 'netbouncer';
  readonly threshold: number;
  readonly confidence: number;
}

/** Returns the exit code: 0 clear, 1 suspects, 5 cannot tell. Throws BeaconError ERR_FILE. */
export async function locateFrom({ options }: Call, reporter: Reporter, signal: AbortSignal): Promise<number> {
  const { from, undirected = false, method, threshold, confidence } = options as unknown as LocateFromOptions;
  const { paths, problems } = await readTallies(from, signal);
  const found = locateTallied(paths, { undirected, method, threshold, confidence });
  const exit = { clear: 0, suspect: 1, unknown: CANNOT_TELL }[found.verdict.kind];
  const { method: by, goodRate, overdispersion, size } = found;
  const said: Said[] = [
    ...problems.map(({ code, message }) => ({ type: 'problem', code, message }) as const),
    { type: 'tallies', file: from === '-' ? 'standard input' : from, ...size, ...paths.probes, method: by, goodRate, overdispersion },
    ...found.links.map((link) => ({ type: 'link', ...link, fromName: null, toName: null }) as const),
    { type: 'verdict', ...found.verdict },
    { type: 'end', reached: null, interrupted: false, exit },
  ];
  const timeMs = Date.now();
  for (const { type, ...rest } of said) reporter.event({ v: EVENT_VERSION, type, timeMs, ...rest } as Event);
  reporter.close();
  return exit;
}
