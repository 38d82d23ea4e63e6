/** The built command on the vantage of a lab, and the lab's truth that it is held against. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import type { Event, HopEvent, TallyEvent } from '../../src/report/event.ts';
import { nodeOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { COMMAND, eventsOf, of, type Ran } from '../cli/command.ts';

const LIMIT_MS = 20_000;

export const run = (lab: Lab, argv: readonly string[]): Promise<Ran> => lab.exec('a', [...COMMAND, ...argv], { timeoutMs: LIMIT_MS });

export const runJson = async (lab: Lab, argv: readonly string[]): Promise<Event[]> => eventsOf(await run(lab, [...argv, '--json']));

/** The exit code, as `end` tells it. */
export const exitOf = (events: readonly Event[]): number => of(events, 'end')[0]!.exit;

export const hopsOf = (events: readonly Event[]): HopEvent[] => of(events, 'hop');

export const tallies = (events: readonly Event[]): TallyEvent[] => of(events, 'tally');

export const problems = (events: readonly Event[]): string[] => of(events, 'problem').map(({ code }) => code);

/** Whose address this is; `*` for a silent hop. */
export const nameIn = (topology: Topology, address: string | null): string =>
  address === null ? '*' : (nodeOf(topology, address)?.name ?? `a stranger, ${address}`);

/** One of several ways, as where routers choose among equal ones. */
export const assertOneOf = (path: readonly string[], ways: readonly (readonly string[])[]): void =>
  assert.ok(
    ways.some((way) => way.join(' ') === path.join(' ')),
    `${path.join(' ')} is none of ${ways.map((way) => way.join(' ')).join(' | ')}`,
  );

/** In immediate mode each packet takes a slot of the snapshot length: with tcpdump's own 256 KiB, a burst of eight fills its ring. */
const ROOM = ['-s', '2048', '-B', '8192'];

/** What tcpdump prints on a node while something is done. */
export async function sniffed(lab: Lab, node: string, filter: readonly string[], work: () => Promise<unknown>): Promise<string> {
  const argv = ['netns', 'exec', lab.namespaceOf(node), 'tcpdump', '-n', '-v', '-l', '--immediate-mode', ...ROOM, ...filter];
  const dump = spawn('ip', argv, { stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS });
  let printed = '';
  dump.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const closed = once(dump, 'close');
  await new Promise<void>((resolve) => {
    dump.stderr.on('data', (chunk: Buffer) => {
      if (chunk.includes('listening on')) resolve();
    });
  });
  await work();
  await sleep(200); // packets that are still on their way to it
  dump.kill('SIGINT');
  await closed;
  return printed;
}
