/** The processes of a lab: those that run on its nodes, and commands of ours that outlived the process which began them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MARK, NAMESPACE_DIRECTORY } from './places.ts';

const GRACE_MS = 500;
const BETWEEN_LOOKS_MS = 10;

/** Asks them to end, and kills what has not after half a second. Ours is spared. */
export async function endProcesses(lab: string, namespaces: readonly string[]): Promise<void> {
  signal(processesOf(lab, namespaces), 'SIGTERM');
  for (const until = Date.now() + GRACE_MS; Date.now() < until; await sleep(BETWEEN_LOOKS_MS))
    if (processesOf(lab, namespaces).length === 0) return;
  signal(processesOf(lab, namespaces), 'SIGKILL');
}

function processesOf(lab: string, namespaces: readonly string[]): number[] {
  const inodes = new Set(namespaces.map((name) => inodeOf(join(NAMESPACE_DIRECTORY, name))));
  inodes.delete(null);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => inodes.has(inodeOf(`/proc/${pid}/ns/net`)) || labOfProcess(pid) === lab)
    .map(Number);
}

/** A namespace is known by its inode, whatever path leads to it. Null where it is gone meanwhile. */
function inodeOf(file: string): number | null {
  try {
    return statSync(file).ino;
  } catch {
    return null;
  }
}

/** The lab that a process works for, or null. As anybody but root, only one's own are known. */
export function labOfProcess(pid: string): string | null {
  const environment = textOf(`/proc/${pid}/environ`)?.split('\0') ?? [];
  return environment.find((entry) => entry.startsWith(`${MARK}=`))?.slice(MARK.length + 1) ?? null;
}

/** One that has ended and that nobody asked for yet (a zombie, proc_pid_stat(5)) lives no more. */
export const isAlive = (pid: number): boolean => /^\d+ \(.*\) [^ZX]/s.test(textOf(`/proc/${pid}/stat`) ?? '');

/** Null of one that is gone, or that is somebody else's. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return null;
  }
}

function signal(pids: readonly number[], name: 'SIGTERM' | 'SIGKILL'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // it ended by itself meanwhile
    }
  }
}
