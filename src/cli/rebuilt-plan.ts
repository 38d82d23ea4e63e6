/**
 * The plan of a run that nobody wrote down, from the probes in a capture: what command sends such probes, and with which options. The key of
 * their tags is not in them, so answers can be matched and not proven.
 */
import { createReadStream } from 'node:fs';
import { eachPacket } from '../capture/capture.ts';
import { type PacketSlot, slotTimeNs } from '../capture/slot.ts';
import type { PlanMessage } from '../engine/recording/message.ts';
import type { Recorded } from '../engine/replay/recorded.ts';
import { sequenceOf } from '../engine/replay/shape.ts';
import { BeaconError } from '../error.ts';
import { type Address, addressText } from '../wire/address.ts';
import { FAMILIES, UDP_PROTOCOL } from '../wire/family.ts';
import { uint16, uint32 } from '../wire/fields.ts';
import { readIdentity } from '../wire/identity.ts';
import { networkAt } from '../wire/link.ts';
import { outline } from '../wire/outline.ts';
import { VERSION } from './version.ts';

interface Layer {
  readonly source: Address;
  readonly destination: Address;
  readonly ttl: number;
}

interface SentProbe {
  readonly timeNs: bigint;
  readonly interface: string | null;
  readonly layers: readonly Layer[];
  readonly path: number;
  readonly sequence: number;
  readonly run: number;
  readonly transport: 'udp' | 'icmp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly dscp: number;
  readonly flowLabel: number;
  readonly size: number;
  /** The halves of the scattered number that its headers carry; null where it wears too few of IPv4. */
  readonly halves: readonly [low: number | null, high: number | null];
}

/** Bytes behind the headers of the smallest probe: of transport and identity. */
const LEAST_PAYLOAD = 44;
const USUAL_RATE = 5000;
/** Of the first link: nothing in a capture tells it. */
const MTU = 65_535;

/** Throws BeaconError ERR_FILE where the capture holds no probe of ours. */
export async function rebuiltPlan(recorded: Recorded): Promise<Recorded> {
  const all = await sentProbes(recorded.path);
  const run = all[0]?.run;
  if (run === undefined) throw new BeaconError('ERR_FILE', `${recorded.path} holds no probe of ours that could be replayed`);
  const probes = all.filter((probe) => probe.run === run);
  const random = runBytes(run, idKeyOf(probes));
  const plan: PlanMessage = {
    kind: 'plan',
    version: VERSION,
    ...calledBy(probes),
    files: {},
    random,
    run: { number: run, key: random.subarray(4, 20), idKey: uint32(random, 20) },
    engine: 'live',
    realTime: true,
    countDrops: false,
    startNs: probes[0]!.timeNs,
    machineNs: probes[0]!.timeNs,
  };
  const message = `${recorded.path} holds no plan, so it was rebuilt from its ${probes.length === 1 ? '1 probe' : `${probes.length} probes`} as braceroute ${inWords(plan)}: their key is not known, so that answers are matched and not proven, and the interfaces' drops are not told`;
  return { ...recorded, plan, routes: routesOf(probes), notices: [{ code: 'PLAN_REBUILT', message }] };
}

function inWords({ command, words, options }: Called): string {
  const path = Array.isArray(options.path) ? ['-p', options.path.map((hop) => hop ?? '*').join(',')] : [];
  const kind = options.reverse ? ['-r'] : typeof options.source === 'string' ? ['-s', options.source] : [];
  if (typeof options.destination === 'string') kind.push('-d', options.destination);
  return [command, ...kind, ...words, ...path, '-c', options.count].join(' ');
}

/** The first sight of each number: later ones are the probe on its way, or at home. */
async function sentProbes(path: string): Promise<SentProbe[]> {
  const seen = new Set<string>();
  const probes: SentProbe[] = [];
  const packet = (slot: PacketSlot): void => {
    const probe = slot.direction === 'inbound' ? null : probeIn(slot);
    if (probe === null || seen.has(`${probe.run} ${probe.sequence}`)) return;
    seen.add(`${probe.run} ${probe.sequence}`);
    probes.push(probe);
  };
  await eachPacket(createReadStream(path, { highWaterMark: 1 << 20 }), packet, () => {});
  return probes;
}

function probeIn(slot: PacketSlot): SentProbe | null {
  const frame = slot.bytes.subarray(slot.at, slot.end);
  const at = networkAt(slot.linkType, frame);
  if (at < 0) return null;
  const bytes = frame.subarray(at);
  const headers = outline(bytes, 0);
  if (headers === null || sequenceOf(bytes) === null) return null;
  const identity = readIdentity(bytes, headers.at + 8, bytes.length)!;
  const isUdp = headers.protocol === UDP_PROTOCOL;
  const outer = headers.layers[0]!;
  return {
    timeNs: slotTimeNs(slot),
    interface: slot.interface,
    layers: headers.layers.map((layer) => layerAt(bytes, layer.at, layer.family)),
    ...identity,
    transport: isUdp ? 'udp' : 'icmp',
    sourcePort: uint16(bytes, headers.at + (isUdp ? 0 : 4)),
    destinationPort: uint16(bytes, headers.at + 2),
    dscp: (outer.family === 4 ? bytes[1]! : (uint16(bytes, 0) >> 4) & 0xff) >> 2,
    flowLabel: outer.family === 6 ? uint32(bytes, 0) & 0xfffff : 0,
    size: bytes.length,
    halves: halvesOf(bytes, headers.layers, uint16(bytes, headers.at + 6)),
  };
}

function layerAt(bytes: Uint8Array, at: number, family: 4 | 6): Layer {
  const { at: field, addressLength } = FAMILIES[family];
  return {
    source: addressText(bytes, at + field.source, addressLength),
    destination: addressText(bytes, at + field.destination, addressLength),
    ttl: bytes[at + field.ttl]!,
  };
}

/** The layers' IDs alternate, low half first, and the transport goes on (ARCHITECTURE.md, "Identity"). */
function halvesOf(bytes: Uint8Array, layers: readonly { family: 4 | 6; at: number }[], transport: number): SentProbe['halves'] {
  const halves: [number | null, number | null] = [null, null];
  for (const [index, { family, at }] of layers.entries()) if (family === 4) halves[index % 2 === 0 ? 0 : 1] ??= uint16(bytes, at + 4);
  halves[layers.length % 2 === 0 ? 0 : 1] ??= transport;
  return halves;
}

/** A half that no probe carries is of no matter. */
function idKeyOf(probes: readonly SentProbe[]): number {
  const half = (index: 0 | 1): number => {
    const probe = probes.find(({ halves }) => halves[index] !== null);
    return probe === undefined ? 0 : probe.halves[index]! ^ ((probe.sequence >>> (16 * index)) & 0xffff);
  };
  return ((half(1) << 16) | half(0)) >>> 0;
}

/** As a run draws them; a key of zeros is one that is not known. */
function runBytes(run: number, idKey: number): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, run);
  view.setUint32(20, idKey);
  return bytes;
}

type Called = Pick<PlanMessage, 'command' | 'words' | 'options'>;

function calledBy(probes: readonly SentProbe[]): Called {
  const boomerangs = probes.filter((probe) => probe.path > 0 && waypointsOf(probe).length > 0);
  const first = probes.filter(({ path }) => path === 0);
  if (boomerangs.length > 0) return probeCall(boomerangs, first);
  return traceCall(first.length > 0 ? first : probes);
}

function common(probes: readonly SentProbe[]): Record<string, unknown> {
  const { transport, sourcePort, destinationPort, dscp, flowLabel, size, layers } = probes[0]!;
  const least = layers.reduce((sum, { destination }) => sum + FAMILIES[destination.includes(':') ? 6 : 4].headerLength, LEAST_PAYLOAD);
  return {
    interface: 'any',
    timeout: 3,
    protocol: transport,
    port: destinationPort,
    sourcePort,
    dscp,
    ...(flowLabel !== 0 && { flowLabel }),
    iOwnThis: true, // it was sent
    ...(probes.every((probe) => probe.size === size) && size > least && { size }),
  };
}

function traceCall(probes: readonly SentProbe[]): Called {
  const { layers } = probes[0]!;
  const varied = layers.length > 1 && new Set(probes.map((probe) => probe.layers[0]!.ttl)).size === 1 ? 1 : 0;
  const ttls = probes.map((probe) => probe.layers[varied]!.ttl);
  const asked = new Map<number, number>();
  for (const ttl of ttls) asked.set(ttl, (asked.get(ttl) ?? 0) + 1);
  const [outer, inner] = [layers[0]!, layers[1]];
  const options = {
    ...common(probes),
    count: Math.max(...asked.values()),
    firstHop: Math.min(...ttls),
    maxHops: Math.max(30, ...ttls),
    ...(varied === 0 && inner !== undefined && { steered: true }),
    ...(varied === 1 && (inner!.destination === inner!.source ? { reverse: true } : { source: outer.destination })),
  };
  return { command: 'trace', words: [varied === 1 && !('reverse' in options) ? inner!.destination : outer.destination], options };
}

/** What is visited by a probe that comes home; nothing, where it is a trace's (the other flows of a trace have paths too). */
function waypointsOf({ layers }: SentProbe): Layer[] {
  const { source, destination: us } = layers.at(-1)!;
  return source === us ? layers.filter(({ destination }) => destination !== us) : [];
}

/** The hop that a boomerang of each position turns at, and how often each was asked: once of them to find out whether it can be. */
function probeCall(probes: readonly SentProbe[], search: readonly SentProbe[]): Called {
  const us = probes[0]!.layers.at(-1)!.destination;
  const turns = new Map<number, Address>();
  const asked = new Map<number, number>();
  for (const probe of probes) {
    const waypoints = waypointsOf(probe);
    turns.set(probe.path, waypoints[(waypoints.length - 1) >> 1]!.destination);
    asked.set(probe.path, (asked.get(probe.path) ?? 0) + 1);
  }
  const path = [us, ...Array.from({ length: Math.max(...turns.keys()) }, (_, index) => turns.get(index + 1) ?? null)];
  const isIpip = probes[0]!.layers.filter(({ destination }) => destination === us).length > 1;
  const options = {
    ...common(probes),
    ...(search.length === 0 ? { path } : searchedBy(search)),
    count: Math.max(1, Math.min(...asked.values()) - 1),
    maxHops: 30,
    maxLoss: 0,
    rate: rateOf(probes),
    landing: isIpip ? 'ipip' : 'udp',
    layerSource: 'us',
  };
  return { command: 'probe', words: [], options };
}

/** Between which ends the path was searched: by a header that is held to one ttl after the other, behind another where it starts elsewhere. */
function searchedBy(search: readonly SentProbe[]): Record<string, unknown> {
  const [outer, inner] = search[0]!.layers;
  const isFromUs = new Set(search.map(({ layers }) => layers[0]!.ttl)).size > 1;
  return isFromUs ? { destination: outer!.destination } : { source: outer!.destination, destination: inner!.destination };
}

/** By the usual gap between two probes of the sweep, which is most of the run. */
function rateOf(probes: readonly SentProbe[]): number {
  const span = Number(probes.at(-1)!.timeNs - probes[probes.length >> 1]!.timeNs) / 1e9;
  const rate = Math.round((probes.length - 1 - (probes.length >> 1)) / span);
  return rate >= 1 && rate <= 100_000 ? rate : USUAL_RATE;
}

function routesOf(probes: readonly SentProbe[]): Recorded['routes'] {
  const us = new Set(probes.map(({ layers }) => layers[0]!.source));
  const all = new Map<Address, SentProbe>();
  for (const probe of probes) for (const { destination } of probe.layers) if (!all.has(destination)) all.set(destination, probe);
  return new Map(
    [...all].map(([destination, { interface: device, layers }]) => {
      const isUs = us.has(destination);
      const source = isUs ? destination : layers[0]!.source;
      const route = { destination, interface: isUs ? 'lo' : (device ?? 'any'), source, nextHop: destination, mtu: MTU };
      return [destination, [{ kind: 'route', destination, atNs: 0, route }]];
    }),
  );
}
