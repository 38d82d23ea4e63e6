/** Recordings as a test cuts them: pcapng blocks, walked without the code under test (draft-ietf-opsawg-pcapng §3.1). */
import { readFileSync } from 'node:fs';

export interface Block {
  readonly type: number;
  readonly bytes: Buffer;
}

const INTERFACE = 1;
const PACKET = 6;

/** Little-endian, as we write. */
export function blocksOf(file: string): Block[] {
  const bytes = readFileSync(file);
  const blocks: Block[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at + 4)) {
    blocks.push({ type: bytes.readUInt32LE(at), bytes: bytes.subarray(at, at + bytes.readUInt32LE(at + 4)) });
  }
  return blocks;
}

export const joined = (blocks: readonly Block[]): Buffer => Buffer.concat(blocks.map(({ bytes }) => bytes));

export interface Frame {
  readonly block: Block;
  readonly outbound: boolean;
  readonly linkType: number;
  readonly bytes: Buffer;
  readonly timeNs: bigint;
}

export function framesOf(blocks: readonly Block[]): Frame[] {
  const linkTypes = blocks.filter(({ type }) => type === INTERFACE).map(({ bytes }) => bytes.readUInt16LE(8));
  return blocks
    .filter(({ type }) => type === PACKET)
    .map((block) => {
      const { bytes } = block;
      return {
        block,
        outbound: (bytes.readUInt32LE(bytes.length - 12) & 3) === 2, // epb_flags, the last option
        linkType: linkTypes[bytes.readUInt32LE(8)]!,
        bytes: bytes.subarray(28, 28 + bytes.readUInt32LE(20)),
        timeNs: (BigInt(bytes.readUInt32LE(12)) << 32n) | BigInt(bytes.readUInt32LE(16)),
      };
    });
}

const MAGIC = Buffer.from('beac2003', 'hex');

/** The number in the last payload of ours that the frame holds, its own or quoted; null where there is none. */
export function numberIn({ bytes }: Frame): number | null {
  const at = bytes.lastIndexOf(MAGIC);
  return at < 0 || at + 20 > bytes.length ? null : bytes.readUInt32BE(at + 16);
}

/** The recording without what answered this probe. */
export function without(blocks: readonly Block[], probe: number): Block[] {
  const answers = new Set(framesOf(blocks).flatMap((frame) => (!frame.outbound && numberIn(frame) === probe ? [frame.block] : [])));
  if (answers.size === 0) throw new Error(`Nothing in the recording answers probe ${probe}`);
  return blocks.filter((block) => !answers.has(block));
}
