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
    .filter((pid) => inodes.has(inodeOf(`/proc/${pid}/ns/net`)) || isMarked(pid, lab))
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

function isMarked(pid: string, lab: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${MARK}=${lab}`);
  } catch {
    return false;
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
