/** A veth between two namespaces and the native senders on it, for their tests. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { inPacketOrder, layOut } from '../../src/engine/live/spray-layout.ts';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import type { Run } from '../../src/probe/run.ts';
import { sprayTemplate } from '../../src/probe/spray-template.ts';
import { runArgv } from '../cli/command.ts';
import { namespaces } from '../lab/namespaces.ts';
import { type Shape, valuesOf } from './spray-shapes.ts';

export const SENDERS = ['sendmmsg', 'inject', 'afxdp', 'live'] as const;
export const US = 'e5a-us';
export const PEER = 'e5a-peer';
export const OBJECT: string = join(PACKAGE_ROOT, 'build/bpf/spray-send.bpf.o');
const MACS = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
/** Some 12 s where nothing else runs. */
const WHOLE_FILE_MS = 120_000;
const WITHIN = 'BEACON_TEST_SENDERS';

export interface Counters {
  readonly isFinished: boolean;
  readonly next: number;
  readonly taken: number;
  readonly refused: number;
  readonly givenUpNs: number;
  readonly deviceDrops: number | null;
  readonly cpuNs: number | null;
  readonly error: (Error & { readonly code: string }) | null;
}

export interface Sender {
  start(): void;
  stop(): void;
  pace(perSecond: number | null): void;
  counters(): Counters;
  close(): void;
}

/** The directory with the compiled program that makes a veth take redirected frames, in the process inside the namespace; else null. */
export const inside: string | null = process.env[WITHIN] ?? null;

/** Runs a test file once more in one of two namespaces with a veth of two queues between them. */
export async function runInside(fileUrl: string): Promise<void> {
  execFileSync('sh', [join(PACKAGE_ROOT, 'bpf/build.sh')]);
  const directory = mkdtempSync(join(tmpdir(), 'e5a-'));
  const include = `-I/usr/include/${execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim()}-linux-gnu`;
  const source = join(import.meta.dirname, 'spray-pass.bpf.c');
  execFileSync('clang', ['-O2', '-g', '-target', 'bpf', include, '-c', source, '-o', join(directory, 'pass.o')]);
  const queues = 'numtxqueues 2 numrxqueues 2';
  await using _lab = namespaces(
    [US, PEER],
    [
      `-n ${US} link add us0 address 02:00:00:00:00:01 ${queues} type veth peer name peer0 address 02:00:00:00:00:02 ${queues} netns ${PEER}`,
      `-n ${US} link set us0 up`,
      `-n ${PEER} link set peer0 up`,
    ],
    ['net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1'],
  );
  const argv = ['env', `${WITHIN}=${directory}`, process.execPath, '--import', 'tsx', fileURLToPath(fileUrl)];
  const { code, stdout, stderr } = await runArgv(['ip', 'netns', 'exec', US, ...argv], { timeout: WHOLE_FILE_MS });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code ?? 1;
  rmSync(directory, { recursive: true, force: true });
}

export const ip = (...argv: readonly string[]): string => execFileSync('ip', argv, { encoding: 'utf8' });

/** The peer takes redirected frames from now on, or no longer. */
export function takeRedirected(takes: boolean): void {
  ip('-n', PEER, 'link', 'set', 'peer0', 'xdp', ...(takes ? ['obj', join(inside!, 'pass.o'), 'sec', 'xdp'] : ['off']));
}

/** Packets that the peer has received by its own counter. */
export function received(): number {
  const [link] = JSON.parse(ip('-n', PEER, '-s', '-j', 'link', 'show', 'peer0'));
  return link.stats64.rx.packets;
}

export function linkHeader({ tags }: Pick<Shape, 'tags'>, etherType: number): Uint8Array {
  const types = [...tags.flatMap((tag) => [tag >>> 24, tag >>> 16, tag >>> 8, tag]), etherType >> 8, etherType];
  return Uint8Array.from([...MACS, ...types]);
}

const addon = (): { SpraySender: new (options: object) => Sender } =>
  createRequire(import.meta.url)(join(PACKAGE_ROOT, 'native/build/Release/spray.node'));

export interface Sending {
  readonly perSecond: number | null;
  readonly count?: number;
  readonly durationNs?: number;
  readonly rampNs?: number;
  readonly realtimeAheadNs?: number;
  readonly queue?: number;
  /** Called with the first templates before the sender sees them. */
  readonly damage?: (template: Uint8Array) => void;
}

export function openSender(sender: string, shape: Shape, run: Run, { damage, ...sending }: Sending): Sender {
  const { SpraySender } = addon();
  const layout = layOut(
    shape.itineraries.length,
    (index) => sprayTemplate(shape.itineraries[index]!, run, shape.places),
    (etherType) => linkHeader(shape, etherType),
  );
  damage?.(layout.templates[0]!);
  const { number, idKey, key } = run;
  const values = inPacketOrder(valuesOf(shape));
  const { tag, first } = shape;
  const at = { interface: 'us0', object: OBJECT, realtimeAheadNs: 0 };
  return new SpraySender({ ...layout, ...at, sender, values, run: number, idKey, key, tag, first, ...sending });
}

/** Starts it, waits until its last packet is out, and closes it. */
export async function sentAll(spray: Sender): Promise<Counters> {
  spray.start();
  while (!spray.counters().isFinished) await sleep(2);
  const counters = spray.counters();
  spray.close();
  return counters;
}
