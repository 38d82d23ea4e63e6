/** The ground that sprays are measured on: a veth of two queues in a namespace of its own, and the programs at its far end that tell the truth. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const NEAR = 'bench0';
export const FAR = 'bench1';
export const NEAR_MAC = '02:00:00:00:00:01';
export const FAR_MAC = '02:00:00:00:00:02';
/** Programs of spray-sink.bpf.c. */
export type Sink = 'tc_count' | 'xdp_count' | 'tc_gaps' | 'xdp_gaps' | 'tc_bounce' | 'xdp_bounce' | 'xdp_pass';

export const run = (program: string, ...argv: readonly string[]): string =>
  execFileSync(program, argv, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const ip = (line: string): string => run('ip', ...line.split(' '));

const INSIDE = 'BEACON_BENCH_SPRAY';
const PREFIX = 'bench-spray-';
const NAMESPACE = `${PREFIX}${process.pid}`;

/** Where compiled files lie, in the process inside the namespace; else null. */
export const inside: string | null = process.env[INSIDE] ?? null;

/** Runs this command once more inside, and takes all away again. */
export function runInside(): void {
  const directory = mkdtempSync(join(tmpdir(), 'bench-spray-'));
  const queues = 'numtxqueues 2 numrxqueues 2';
  try {
    compile(directory);
    removeLeftovers();
    ip(`netns add ${NAMESPACE}`);
    run('ip', 'netns', 'exec', NAMESPACE, 'sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1', 'net.ipv6.conf.default.disable_ipv6=1');
    ip(`-n ${NAMESPACE} link add ${NEAR} address ${NEAR_MAC} ${queues} type veth peer name ${FAR} address ${FAR_MAC} ${queues}`);
    for (const device of ['lo', NEAR, FAR]) ip(`-n ${NAMESPACE} link set ${device} up`);
    // not by `ip netns exec`, which hides where programs are pinned
    const argv = [
      `--net=/run/netns/${NAMESPACE}`,
      'env',
      `${INSIDE}=${directory}`,
      process.execPath,
      '--import',
      'tsx',
      ...process.argv.slice(1),
    ];
    process.exitCode = spawnSync('nsenter', argv, { stdio: 'inherit' }).status ?? 1;
  } finally {
    rmSync(pinsOf(directory), { recursive: true, force: true });
    rmSync(directory, { recursive: true, force: true });
    removeNamespace();
  }
}

const namespaces = (): string[] => [...run('ip', 'netns', 'list').matchAll(/^(\S+)/gm)].map(([, name]) => name!);

function removeNamespace(): void {
  if (namespaces().includes(NAMESPACE)) ip(`netns del ${NAMESPACE}`);
}

/** Of runs that were killed. */
function removeLeftovers(): void {
  for (const name of namespaces())
    if (name.startsWith(PREFIX) && !existsSync(`/proc/${name.slice(PREFIX.length)}`)) ip(`netns del ${name}`);
}

const pinsOf = (directory: string): string => join('/sys/fs/bpf', directory.split('/').at(-1)!);
const pins = (): string => pinsOf(inside!);

function compile(directory: string): void {
  const source = (name: string): string => join(import.meta.dirname, name);
  const include = `-I/usr/include/${run('uname', '-m').trim()}-linux-gnu`;
  const object = join(directory, 'sink.o');
  run('clang', '-O2', '-g', '-target', 'bpf', '-mcpu=v3', include, '-c', source('spray-sink.bpf.c'), '-o', object);
  run('cc', '-O2', '-pthread', source('inject-loop.c'), '-lpcap', '-o', join(directory, 'inject-loop'));
  mkdirSync(pinsOf(directory));
  run('bpftool', 'prog', 'loadall', object, join(pinsOf(directory), 'programs'), 'pinmaps', join(pinsOf(directory), 'maps'));
}

const attached = new Map<string, Sink>();
const placeOf = (sink: Sink): 'xdp' | 'tc' => (sink.startsWith('xdp') ? 'xdp' : 'tc');

/** An end has this program from now on, and no other. */
export function attach(sink: Sink, device: string = FAR): void {
  for (const place of ['xdp', 'tc'] as const) if (place !== placeOf(sink)) detach(device, place);
  attachBeside(sink, device);
}

/** What the other place, XDP or tc, has stays there. */
export function attachBeside(sink: Sink, device: string): void {
  const place = placeOf(sink);
  if (attached.get(`${device} ${place}`) === sink) return;
  detach(device, place);
  attached.set(`${device} ${place}`, sink);
  const pinned = join(pins(), 'programs', sink);
  if (place === 'xdp') return void run('ip', 'link', 'set', 'dev', device, 'xdp', 'pinned', pinned);
  run('tc', 'qdisc', 'add', 'dev', device, 'clsact');
  run('tc', 'filter', 'add', 'dev', device, 'ingress', 'bpf', 'da', 'object-pinned', pinned);
}

export function detach(device: string, place: 'xdp' | 'tc'): void {
  if (!attached.delete(`${device} ${place}`)) return;
  if (place === 'xdp') ip(`link set dev ${device} xdp off`);
  else run('tc', 'qdisc', 'del', 'dev', device, 'clsact');
}

const entries = (
  map: string,
): { readonly formatted: { readonly value?: never; readonly values?: readonly { readonly value: number }[] } }[] =>
  JSON.parse(run('bpftool', '-j', 'map', 'dump', 'pinned', join(pins(), 'maps', map)));

/** Packets that the far end's program saw since it was loaded. */
export const seen = (): number => entries('bench_seen')[0]!.formatted.values!.reduce((sum, { value }) => sum + value, 0);

export interface Gaps {
  readonly packets: number;
  readonly seconds: number;
  /** By length in 100 ns. */
  readonly counts: readonly number[];
}

export const GAP_NS = 100;

export function gaps(): Gaps {
  const { first_ns, last_ns, packets } = entries('bench_span')[0]!.formatted.value! as {
    first_ns: number;
    last_ns: number;
    packets: number;
  };
  return { packets, seconds: (last_ns - first_ns) / 1e9, counts: entries('bench_gaps').map(({ formatted }) => formatted.value! as number) };
}

export function forgetGaps(): void {
  const zeros = (bytes: number): string[] => Array.from({ length: bytes }, () => '0');
  const first = ['key', '0', '0', '0', '0', 'value'];
  run('bpftool', 'map', 'update', 'pinned', join(pins(), 'maps/bench_span'), ...first, ...zeros(24));
  const lines = gaps().counts.flatMap((count, index) =>
    count === 0
      ? []
      : [`map update pinned ${join(pins(), 'maps/bench_gaps')} key ${index & 255} ${index >> 8} 0 0 value ${zeros(8).join(' ')}`],
  );
  if (lines.length > 0)
    execFileSync('bpftool', ['batch', 'file', '-'], { input: `${lines.join('\n')}\n`, stdio: ['pipe', 'ignore', 'pipe'] });
}

/** Packets that either end dropped, by the devices' own counters. */
export function dropped(): number {
  const links: { stats64: { rx: { dropped: number }; tx: { dropped: number } } }[] = JSON.parse(
    run('ip', '-s', '-j', 'link', 'show', 'type', 'veth'),
  );
  return links.reduce((sum, { stats64: { rx, tx } }) => sum + rx.dropped + tx.dropped, 0);
}

const softInterrupts: readonly string[] = readdirSync('/proc').filter(
  (name) => /^\d+$/.test(name) && commandOf(name).startsWith('ksoftirqd/'),
);

function commandOf(process: string): string {
  try {
    return readFileSync(`/proc/${process}/comm`, 'utf8');
  } catch {
    return ''; // it has just ended
  }
}

/** Processor time of the kernel's threads that receive where the sender's own thread does not come to it. */
export const softInterruptNs = (): number =>
  softInterrupts.reduce((sum, process) => sum + Number(readFileSync(`/proc/${process}/schedstat`, 'utf8').split(' ')[0]), 0);
