/** The process that holds the packets of one link while they are delayed: begun when the link first asks for it, ended when it no longer does. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconError } from '../error.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import type { Link, LinkEnd, Topology } from '../topology/topology.ts';
import { MARK, namespaceFile } from './places.ts';

const PROGRAM: string = join(PACKAGE_ROOT, 'native/build/Release/relay');
export const hasRelay = (): boolean => existsSync(PROGRAM);

/** Above the indexes of the links. */
const FIRST_DEVICE = 200_000;

/** Of the device that leads from this end of a link to its relay. */
export const relayDevice = (link: number, end: number): number => FIRST_DEVICE + 2 * link + end;

/** Resolves to its process ID once packets can be given to it; it outlives us. Throws BeaconError ERR_LAB. */
export function startRelay(topology: Topology, link: Link): Promise<number> {
  const lab = topology.name;
  const index = topology.links.indexOf(link);
  const ends = link.ends.map((end, i) => [...placeOf(lab, end), `relay${index}`, `${relayDevice(index, i)}`]);
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, ends.flat(), { env: { [MARK]: lab }, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.stdout.once('data', () => {
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      child.removeAllListeners().unref();
      resolve(child.pid!);
    });
    child.on('error', () => reject(new BeaconError('ERR_LAB', NOT_BUILT)));
    child.on('close', (code) =>
      reject(new BeaconError('ERR_LAB', `Lab ${lab}: the relay of ${link.id} failed: ${complaint.trim() || `ended with ${code}`}`)),
    );
  });
}

const NOT_BUILT =
  'What delays packets in a lab is not built: apt-get install libpcap-dev g++ make python3, then npm run build; the simulated engine delays without it';

const placeOf = (lab: string, { node, interface: name }: LinkEnd): string[] => [namespaceFile(lab, node), name];

/** Whether the relay of a link lives; the kernel may have given its number to another process. */
export function isRelaying(lab: string, { ends: [end] }: Link, pid: number): boolean {
  try {
    const [, ...words] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return placeOf(lab, end).every((word, i) => words[i] === word);
  } catch {
    return false;
  }
}

/** It sends what it holds before it ends, and takes its devices along. Waited for, but not as long as the longest delay. */
export async function endRelay(lab: string, link: Link, pid: number): Promise<void> {
  if (isRelaying(lab, link, pid)) process.kill(pid, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < PATIENCE_MS && isRelaying(lab, link, pid); waitedMs += STEP_MS) await sleep(STEP_MS);
}

const PATIENCE_MS = 1000;
const STEP_MS = 5;
