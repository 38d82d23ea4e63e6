/** What of ours is on this machine: labs that are up, and what a killed process left of others. */
import { existsSync, readdirSync } from 'node:fs';
import { type Listed, list } from './list.ts';
import { ETC_DIRECTORY, labOfNamespace, NAMESPACE_DIRECTORY, PIN_DIRECTORY, pinOf, stateFile } from './places.ts';
import { labOfProcess } from './processes.ts';
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
  const named = (wanted: Listed['phase']): string[] => labs.filter(({ phase }) => phase === wanted).map(({ name }) => name);
  const known = new Set(labs.map(({ name }) => name));
  return {
    up: named('up'),
    rising: named('rising'),
    broken: named('broken').map((lab) => ({ lab, places: placesOf(lab) })),
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
    const lab = labOfProcess(pid);
    return lab === null ? [] : [{ pid: Number(pid), lab }];
  });
}
