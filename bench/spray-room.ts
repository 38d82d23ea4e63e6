/**
 * Memory of a spray over 10,000 paths of 8 hops with 16 flows each, in a process of its own: what the process has in memory, and the
 * kernel's maps that are not part of that. Prints a line of JSON. Run in the benchmark's namespace: DEVICE SENDER.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inPacketOrder, layOut } from '../src/engine/live/spray-layout.ts';
import { openMatcher } from '../src/engine/live/spray-matcher.ts';
import type { SprayTemplate } from '../src/engine/spray.ts';
import { loadAddon } from '../src/host/addon.ts';
import { interfaces } from '../src/host/interface.ts';
import { loadSenderAddon, SEND_OBJECT } from '../src/host/spray-native.ts';
import type { Itinerary } from '../src/probe/itinerary.ts';
import { newRun } from '../src/probe/run.ts';
import { layerAt, sprayTemplate } from '../src/probe/spray-template.ts';

const PATHS = 10_000;
const HOPS = 8;
const FLOWS = 16;
const KB = 1024;

/** There by the routers, the last of which turns the probe. */
function itinerary(index: number): Itinerary {
  const [path, hop] = [Math.floor(index / HOPS), index % HOPS];
  const routers = Array.from({ length: hop + 1 }, (_, k) => `10.${1 + k}.${path >> 8}.${path & 255}`);
  const layers = [...routers, '10.99.0.1'].map((destination) => ({ source: '10.99.0.1', destination, ttl: 64 }));
  const flow = { transport: 'udp', sourcePort: 33434, destinationPort: 33435, dscp: 0, flowLabel: 0, size: null } as const;
  return { layers, flow, landing: 1 };
}

const status = (): string => readFileSync('/proc/self/status', 'utf8');
const field = (text: string, name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0);

/** Megabytes of the kernel's maps that this process holds and that are not in its own memory too. */
function unmappedMaps(): number {
  const mapped = [...readFileSync('/proc/self/maps', 'utf8').matchAll(/^([0-9a-f]+)-([0-9a-f]+) .*bpf-map/gm)];
  const inMemory = mapped.reduce((sum, [, from, to]) => sum + Number.parseInt(to!, 16) - Number.parseInt(from!, 16), 0);
  const ids = new Map<number, number>();
  for (const fd of readdirSync('/proc/self/fdinfo')) {
    const text = textOf(`/proc/self/fdinfo/${fd}`);
    if (text.includes('map_id:')) ids.set(field(text, 'map_id'), field(text, 'memlock'));
  }
  const all = [...ids.values()].reduce((sum, bytes) => sum + bytes, 0);
  return Math.max(0, all - inMemory) / KB / KB;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the directory's own descriptor
  }
}

const [device, sender] = process.argv.slice(2) as [string, string];
const addon = loadAddon();
const { index } = interfaces(addon).find(({ name }) => name === device)!;
const realtimeAheadNs = Number(addon.realtimeAheadNs());
const run = newRun();
const link = (etherType: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, etherType >> 8, etherType & 255);
const template = (number: number): SprayTemplate => {
  const plan = itinerary(number);
  return sprayTemplate(plan, run, [layerAt(plan, plan.layers.length)]); // the source port is swept
};
const began = performance.now();
const layout = layOut(PATHS * HOPS, template, link);
const seconds = (performance.now() - began) / 1000;
const matching = openMatcher({
  matcher: sender === 'live' ? 'xdp' : 'tc',
  interfaces: [{ name: device, index, hasLinkHeader: true }],
  run,
  templates: PATHS * HOPS,
  flows: FLOWS,
  tag: 'full',
  timeoutNs: 1e9,
  realtimeAheadNs,
});
const sending = new (loadSenderAddon().SpraySender)({
  ...layout,
  consumes: true,
  sender,
  interface: device,
  queue: 0,
  object: SEND_OBJECT,
  values: inPacketOrder(new Uint16Array(8 * FLOWS)),
  run: run.number,
  idKey: run.idKey,
  key: run.key,
  tag: 'full',
  realtimeAheadNs,
  count: PATHS * HOPS * FLOWS,
  perSecond: null,
  rampNs: 0,
  durationNs: null,
});
sending.start();
while (!sending.counters().isFinished) await sleep(10);
const { taken, cpuNs, error } = sending.counters();
if (error) throw error;
const resident = (field(status(), 'RssAnon') + field(status(), 'RssFile') + field(status(), 'RssShmem')) / KB;
const note = `${(taken / 1e6).toFixed(2)} M probes sent at ${(cpuNs! / taken).toFixed(0)} ns each; templates made in ${seconds.toFixed(1)} s; peak of the process ${Math.round(field(status(), 'VmHWM') / KB)} MB`;
console.log(JSON.stringify({ megabytes: resident + unmappedMaps(), note }));
sending.close();
matching.close();
