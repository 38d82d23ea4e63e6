/** Frames for matchers, made by the codec, and a sender that is not ours. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compile, craft, type Template } from '../../src/probe/craft.ts';
import type { Itinerary, Layer } from '../../src/probe/itinerary.ts';
import type { Run } from '../../src/probe/run.ts';
import { familyOf } from '../../src/wire/address.ts';
import { balance } from '../../src/wire/identity.ts';

export const HERE4 = '10.55.0.2';
export const THERE4 = '10.55.0.1';
export const HERE6 = 'fd55::2';
export const PORT = 33_435;
const MACS = '020000005502020000005501'; // of the receiver, then of the sender

export interface Shape {
  readonly name: string;
  readonly template: Template;
  /** The link header. */
  readonly link: Uint8Array;
}

interface ShapeOptions {
  transport: 'udp' | 'icmp';
  size: number | null;
  /** Tags, in hexadecimal. */
  vlans: string;
}

const layer = (destination: string, source: string = destination): Layer => ({ source, destination, ttl: 5 });
const [at4, at6] = [layer(HERE4), layer(HERE6)];

function shape(name: string, layers: readonly Layer[], { transport = 'udp', size = null, vlans = '' }: Partial<ShapeOptions> = {}): Shape {
  const flow: Itinerary['flow'] = { transport, sourcePort: 40_000, destinationPort: PORT, dscp: 0, flowLabel: 7, size };
  const type = familyOf(layers[0]!.destination) === 4 ? '0800' : '86dd';
  return { name, template: compile({ layers, flow, landing: 1 }), link: Uint8Array.from(Buffer.from(`${MACS}${vlans}${type}`, 'hex')) };
}

/** The first is one that the stack would deliver to a socket, were it not taken out of its way. */
export const SHAPES: readonly Shape[] = [
  shape('UDP', [layer(HERE4, THERE4)]),
  shape('IPv4 in IPv4', [at4, at4]),
  shape('IPv6 in IPv6', [at6, at6]),
  shape('IPv4 in IPv6', [at6, at4]),
  shape('IPv6 in IPv4', [at4, at6]),
  shape('echo', [at4, at4], { transport: 'icmp' }),
  shape('ICMPv6 echo', [at6], { transport: 'icmp' }),
  shape('in a VLAN', [at4, at4], { vlans: '81000005' }),
  shape('1,401 bytes', [at4, at6], { size: 1401 }),
  shape('1,398 bytes', [at6, at4], { size: 1398 }),
  shape('four headers', [at4, at6, at4, at4]),
];

/** libpcap's filter looks behind one tag only. */
export const TWO_TAGS: Shape = shape('in two VLANs', [at6, at4], { vlans: '88a8000681000005' });

export interface Frame {
  readonly bytes: Uint8Array;
  /** Where the identity stands; 0: the sender leaves the time in it as it is. */
  readonly identityAt: number;
  /** The sender writes that it was sent so long before it was. */
  readonly ageNs: number;
}

const IDENTITY_BEHIND = 8;

export const identityIn = ({ template, link }: Shape): number => link.length + template.transportAt + IDENTITY_BEHIND;

export function frame(shape: Shape, run: Run, path: number, sequence: number, ageNs: number): Frame {
  const packet = craft(shape.template, run, path, sequence, 0n);
  return { bytes: Uint8Array.of(...shape.link, ...packet), identityAt: identityIn(shape), ageNs };
}

/** One bit of the tag is wrong, and the checksum right. */
export function withWrongTag(shape: Shape, frame: Frame): Frame {
  const bytes = frame.bytes.slice();
  bytes[frame.identityAt + 23]! ^= 4;
  bytes.fill(0, frame.identityAt + 6, frame.identityAt + 8);
  const packet = bytes.subarray(shape.link.length);
  balance(packet, frame.identityAt - shape.link.length, shape.template.transportAt, packet.length, shape.template.pseudoSum);
  return { ...frame, bytes };
}

/** One bit of this byte is wrong, and the checksum is what it was. */
export function withWrongByte(frame: Frame, at: number): Frame {
  const bytes = frame.bytes.slice();
  bytes[at]! ^= 0x20;
  return { ...frame, bytes };
}

/** The frame ends before the packet does. */
export const cut = (frame: Frame): Frame => ({ ...frame, bytes: frame.bytes.subarray(0, -1), identityAt: 0 });

const SENDER = fileURLToPath(new URL('./frame-sender.py', import.meta.url));

/** All of them so many times over; from a `ring` they are not in one piece. Resolves to how many the device took. */
export async function sendFrames(
  namespace: string,
  device: string,
  frames: readonly Frame[],
  times = 1,
  way: 'socket' | 'ring' = 'socket',
): Promise<number> {
  const argv = ['netns', 'exec', namespace, '/usr/bin/python3', SENDER, device, String(times), way];
  const sender = spawn('ip', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  let printed = '';
  sender.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  const closed = once(sender, 'close');
  sender.stdin.end(Buffer.concat(frames.flatMap((frame) => [heading(frame), frame.bytes])));
  await closed;
  return Number(printed);
}

function heading({ bytes, identityAt, ageNs }: Frame): Uint8Array {
  const head = Buffer.alloc(14);
  head.writeUInt32LE(bytes.length, 0);
  head.writeUInt16LE(identityAt, 4);
  head.writeBigInt64LE(BigInt(Math.round(ageNs)), 6);
  return head;
}
