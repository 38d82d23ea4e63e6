/** What the tests of this folder share: reading whole files, in chunks of any size, and asking Wireshark's tools. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCapture } from '../../src/capture/capture.ts';
import type { CaptureItem, PacketRecord } from '../../src/capture/record.ts';

const FOLDER = 'fixtures/captures-plain';
export const fixtures: string[] = readdirSync(FOLDER).filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name));
/** Plain bytes: a Buffer is no Uint8Array to `assert.equal`. */
export const fixture = (name: string): Uint8Array => Uint8Array.from(readFileSync(join(FOLDER, name)));
export const twin = (name: string): string => readFileSync(join(FOLDER, `${name}.txt`), 'utf8');

export function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

export async function readItems(chunks: Iterable<Uint8Array>): Promise<CaptureItem[]> {
  const items: CaptureItem[] = [];
  for await (const item of readCapture(chunks)) items.push(item);
  return items;
}

const BESIDE: ReadonlySet<CaptureItem['kind']> = new Set(['section', 'interface', 'statistics']);

/** Packets, damage and custom blocks. */
export const readAll = async (chunks: Iterable<Uint8Array>): Promise<CaptureItem[]> =>
  (await readItems(chunks)).filter(({ kind }) => !BESIDE.has(kind));

export const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

export const packet = (some: Partial<PacketRecord>): PacketRecord => {
  const bytes = some.bytes ?? Uint8Array.of(1, 2, 3);
  return { bytes, linkType: 1, timeNs: 0n, originalLength: bytes.length, interface: null, comment: null, direction: null, ...some };
};

export const toolMissing = (name: string): boolean => spawnSync(name, ['--version']).error !== undefined;

/** What a tool prints on its standard output. Throws where it fails or complains; being root is no complaint. */
export function output(command: string, ...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, words, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const complaints = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Running as user'));
  if (status !== 0 || complaints.length > 0) throw new Error(`${command} ended with ${status}: ${complaints.join('\n')}`);
  return stdout;
}

/** Calls with a folder of its own, and removes it. */
export async function inFolder<Result>(use: (folder: string) => Result | Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'beacon-capture-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function save(folder: string, name: string, bytes: Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}
