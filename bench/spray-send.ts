/**
 * One sender of sprays, alone: sends for some seconds by an interface and prints what a packet cost as a line of JSON. Run it in the
 * namespace of the device; who counts what arrives is the caller's business.
 *
 *   node --import tsx bench/spray-send.ts SENDER INTERFACE SECONDS [--rate N] [--tag full|sampled|none] [--layers N] [--size B] [--templates N]
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { inPacketOrder, layOut } from '../src/engine/live/spray-layout.ts';
import { PACKAGE_ROOT } from '../src/package-root.ts';
import type { Itinerary } from '../src/probe/itinerary.ts';
import { newRun } from '../src/probe/run.ts';
import { sprayTemplate } from '../src/probe/spray-template.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string' },
    tag: { type: 'string', default: 'full' },
    layers: { type: 'string', default: '2' },
    size: { type: 'string' },
    templates: { type: 'string', default: '1' },
    to: { type: 'string', default: '02:00:00:00:00:02' },
    from: { type: 'string', default: '02:00:00:00:00:01' },
  },
});
const [sender, device, seconds] = positionals;
if (!sender || !device || !seconds) throw new RangeError('bench/spray-send.ts SENDER INTERFACE SECONDS');

const bytesOf = (mac: string): number[] => mac.split(':').map((byte) => Number.parseInt(byte, 16));
const layerCount = Number(options.layers);
const itinerary: Itinerary = {
  layers: Array.from({ length: layerCount }, (_, k) => ({
    source: '10.99.0.1',
    destination: k === layerCount - 1 && k > 0 ? '10.99.0.1' : '10.99.0.2',
    ttl: 64,
  })),
  flow: {
    transport: 'udp',
    sourcePort: 33434,
    destinationPort: 33435,
    dscp: 0,
    flowLabel: 0,
    size: options.size ? Number(options.size) : null,
  },
  landing: 1,
};
const run = newRun();
const linkHeader = (etherType: number): Uint8Array =>
  Uint8Array.from([...bytesOf(options.to), ...bytesOf(options.from), etherType >> 8, etherType & 0xff]);
const layout = layOut(Number(options.templates), () => sprayTemplate(itinerary, run, []), linkHeader);
const addon = createRequire(import.meta.url)(join(PACKAGE_ROOT, 'native/build/Release/spray.node'));
const opened = performance.now();
const spray = new addon.SpraySender({
  ...layout,
  sender,
  interface: device,
  object: join(PACKAGE_ROOT, 'build/bpf/spray-send.bpf.o'),
  values: inPacketOrder(new Uint16Array(8)),
  run: run.number,
  idKey: run.idKey,
  key: run.key,
  tag: options.tag,
  realtimeAheadNs: 0,
  perSecond: options.rate ? Number(options.rate) : null,
  durationNs: Number(seconds) * 1e9,
});
const openMs = performance.now() - opened;
const started = performance.now();
spray.start();
let counters = spray.counters();
while (!counters.isFinished) {
  await sleep(5);
  counters = spray.counters();
}
const elapsed = (performance.now() - started) / 1000;
spray.close();
const { taken, cpuNs, error, ...rest } = counters;
const line = {
  sender,
  tag: options.tag,
  taken,
  elapsed,
  mpps: taken / elapsed / 1e6,
  nsPerPacket: cpuNs / taken,
  openMs,
  ...rest,
  error: error?.message ?? null,
};
console.log(JSON.stringify(line));
