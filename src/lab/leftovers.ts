/** What of ours is on this machine: labs that are up, and what a killed process left of others. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { list } from './list.ts';
import { ETC_DIRECTORY, labOfNamespace, MARK, NAMESPACE_DIRECTORY, PIN_DIRECTORY, pinOf, stateFile } from './places.ts';
import { namesIn } from './state.ts';

export interface Leftovers {
  readonly up: readonly string[];
  /** Labs that a living process is raising. */
  readonly rising: readonly string[];
  /** Half a lab each, and where it is. */
  readonly broken: readonly { readonly lab: string; readonly places: readonly string[] }[];
  /** Commands of a lab that is gone. As anybody but root, only one's own are seen. */
  readonly processes: readonly { readonly pid: number; readonly lab: string }[];
}

/** Needs no privilege. */
export function leftovers(): Leftovers {
  const labs = list();
  const half = labs.filter(({ phase }) => phase === 'broken');
  const isRising = ({ pid }: { readonly pid: number | null }): boolean => pid !== null && existsSync(`/proc/${pid}`);
  const known = new Set(labs.map(({ name }) => name));
  return {
    up: labs.filter(({ phase }) => phase === 'up').map(({ name }) => name),
    rising: half.filter(isRising).map(({ name }) => name),
    broken: half.filter((lab) => !isRising(lab)).map(({ name }) => ({ lab: name, places: placesOf(name) })),
    processes: markedProcesses().filter(({ lab }) => !known.has(lab)),
  };
}

function placesOf(lab: string): string[] {
  const within = (directory: string): string[] => (namesIn(directory).some((name) => labOfNamespace(name) === lab) ? [directory] : []);
  const pins = namesIn(PIN_DIRECTORY).includes(lab) ? [pinOf(lab)] : [];
  const states = [stateFile(lab), `${stateFile(lab)}.new`].filter((file) => existsSync(file));
  return [...within(NAMESPACE_DIRECTORY), ...within(ETC_DIRECTORY), ...pins, ...states];
}

function markedProcesses(): { pid: number; lab: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    const lab = markOf(pid);
    return lab === null ? [] : [{ pid: Number(pid), lab }];
  });
}

function markOf(pid: string): string | null {
  try {
    const mark = readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .find((entry) => entry.startsWith(`${MARK}=`));
    return mark?.slice(MARK.length + 1) ?? null;
  } catch {
    return null; // somebody else's, or it has ended
  }
}
