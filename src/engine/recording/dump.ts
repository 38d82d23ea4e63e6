/** Captured packets as they are written: one pcapng file, or a ring of some, of which the oldest is overwritten. */
import { interfaceBlock, packetBlock, pcapngHeader, statisticsBlock } from '../../capture/pcapng-write.ts';
import type { PacketRecord } from '../../capture/record.ts';
import { BeaconError } from '../../error.ts';
import { createFile, type RecordingFile } from './file.ts';

export interface Ring {
  readonly files: number;
  /** Of each file. */
  readonly bytes: number;
}

export interface DumpOptions {
  readonly application: string;
  /** The capture's pcap expression. */
  readonly filter: string;
  /** Null: one file without a limit. */
  readonly ring: Ring | null;
  /** What stands in each file's statistics. */
  readonly counts: () => { received: number; dropped: number };
  /** Called once when a file takes no more. */
  readonly failing: () => void;
}

export interface Dump {
  /** Its `interface` must be known. */
  packet(packet: PacketRecord): void;
  /** What is kept back goes to the file. */
  flush(): void;
  close(): void;
  failure(): BeaconError | null;
  /** Those written to, in the order in which they were begun last. */
  files(): readonly string[];
  /** Packets written to any of them; where writing failed, the last of these are lost. */
  written(): number;
  /** Bytes in the last of them: whole packets. */
  saved(): number;
}

/** Throws BeaconError ERR_FILE where the first file cannot be made. */
export function createDump(path: string, { application, filter, ring, counts, failing }: DumpOptions): Dump {
  let begun = 0;
  let inFile = 0;
  let written = 0;
  let failed: BeaconError | null = null;
  let lastNs = 0n;
  const names = new Set<string>();
  const numbers = new Map<string, number>();
  let file = begin();

  function begin(): RecordingFile {
    const name = ring === null ? path : ringName(path, (begun % ring.files) + 1, ring.files);
    const next = createFile(name, failing);
    begun += 1;
    inFile = 0;
    names.delete(name);
    names.add(name);
    numbers.clear();
    next.append(pcapngHeader({ application }));
    return next;
  }

  function numberOf(name: string, linkType: number): number {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    file.append(interfaceBlock({ name, linkType, filter }));
    numbers.set(name, numbers.size);
    return numbers.size - 1;
  }

  function end(): void {
    if (numbers.size > 0) {
      const { received, dropped } = counts();
      file.append(statisticsBlock({ interfaceIndex: 0, timeNs: lastNs, received: BigInt(received), dropped: BigInt(dropped) }));
    }
    file.close();
  }

  function turn(): void {
    end();
    failed ??= file.failure();
    if (failed === null) file = begin();
  }

  function turned(): boolean {
    try {
      turn();
    } catch (error) {
      if (!(error instanceof BeaconError)) throw error;
      failed = error;
      failing();
    }
    return failed === null;
  }

  return {
    packet(packet) {
      if (failed !== null || file.failure() !== null) return;
      lastNs = packet.timeNs;
      const block = (): Uint8Array => packetBlock(numberOf(packet.interface!, packet.linkType), packet);
      const next = block();
      const isFull = ring !== null && inFile > 0 && file.length() + file.page.at + next.length + LAST > ring.bytes;
      if (isFull && !turned()) return;
      file.append(isFull ? block() : next); // interfaces are numbered anew in each file
      inFile += 1;
      written += 1;
    },
    flush: () => file.flush(),
    close: () => end(),
    failure: () => failed ?? file.failure(),
    files: () => [...names],
    written: () => written,
    saved: () => file.length(),
  };
}

/** A statistics block. */
const LAST = 64;

/** `x.pcapng` becomes `x-03.pcapng`. */
function ringName(path: string, number: number, of: number): string {
  const [, stem, extension] = /^(.*?)(\.[^./]*)?$/s.exec(path)!;
  return `${stem}-${String(number).padStart(String(of).length, '0')}${extension ?? ''}`;
}
