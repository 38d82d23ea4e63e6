/** The native addon of sprays: an addon of its own, so that everything else works where this one cannot be built. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BeaconError } from '../error.ts';
import { PACKAGE_ROOT } from '../package-root.ts';

/** Which packets are of a run. */
export interface NativeRunOptions {
  readonly run: number;
  /** Four words, as wire/siphash.ts has it. */
  readonly key: Uint32Array;
  readonly idKey: number;
  readonly cells: number;
  readonly templates: number;
  /** A power of two: the sequences that it divides carry a tag; 0: none does. */
  readonly tagEvery: number;
}

export interface NativeMatcherOptions extends NativeRunOptions {
  readonly matcher: 'tc' | 'xdp' | 'pcap';
  /** Where answers come in. libpcap listens on the one, or where there are several on all that this machine has. */
  readonly devices: readonly { readonly name: string; readonly index: number; readonly hasLinkHeader: boolean }[];
  /** The path of bpf/spray-match.bpf.c's object. */
  readonly object: string;
  /** A pcap expression. */
  readonly filter: string;
  /** What the sender adds to the monotonic clock before it writes the time sent. */
  readonly realtimeAheadNs: number;
  readonly timeoutNs: number;
  /** Sequence. */
  readonly first: number;
  /** Sequences that may be undecided at a time; a power of two. */
  readonly ring: number;
  /** Histograms. */
  readonly slots: number;
  /** Which of them a template has; null: each its own. */
  readonly slotOf: Uint16Array | null;
  /** Each cell has one: there are as many. */
  readonly slotsByCell: boolean;
  /** Losses in a row are told by cell. */
  readonly runsByCell: boolean;
  /** How tc holds the program. */
  readonly attach: 'auto' | 'tcx' | 'clsact';
  /** Bytes of libpcap's ring. */
  readonly bufferBytes: number;
}

export interface NativeMatcherTotals {
  readonly received: number;
  /** Of those received, each: came below a higher sequence of its cell; carried no tag. */
  readonly reordered: number;
  readonly unverified: number;
  readonly duplicates: number;
  readonly corrupted: number;
  /** After the timeout, or below what is settled. */
  readonly late: number;
  /** Above what the ring has room for. */
  readonly beyond: number;
  readonly otherRun: number;
  /** All else that was looked at. */
  readonly passed: number;
  /** Ours, but past the deadline of a matcher that nobody looks after. */
  readonly expired: number;
  /** All sequences below were gone through. */
  readonly settled: number;
  /** Of these, so many did not come home in time. */
  readonly missing: number;
  /** Packets that the matcher itself lost; null: it loses none, or nobody counts them. */
  readonly dropped: number | null;
}

/** Columns, each as long as the others; those that are left out are not filled. */
export interface NativeCells {
  readonly received?: Float64Array;
  readonly duplicates?: Float64Array;
  readonly reordered?: Float64Array;
  readonly corrupted?: Float64Array;
  /** The least and the most are right to 0.8 %, and 0 where nothing was received. */
  readonly leastNs?: Float64Array;
  readonly mostNs?: Float64Array;
}

export interface NativeMatcher {
  /** How it is attached, a line a device. */
  places(): string[];
  totals(): NativeMatcherTotals;
  /** Throws RangeError past the last cell. */
  cells(from: number, into: NativeCells): void;
  /** By bucket, as engine/spray-histogram.ts has them: the sum over so many slots, from the first one on. */
  histogram(first: number, count: number, step: number): Float64Array;
  /** Pairs: so many losses in a row within a cell, how often, over so many templates; with `runsByCell` over cells, template × flows + flow. */
  lossRuns(first: number, count: number): Float64Array;
  /** What is still to come below `end` is late. `last`: losses that go on to the end are told too. Done soon, as `settled` tells. */
  settle(end: number, last: boolean): void;
  /** Waits for its thread, up to 40 ms. */
  close(): void;
}

export interface NativeEvidenceOptions extends NativeRunOptions {
  readonly device: string;
  readonly filter: string;
  readonly bufferBytes: number;
  /** Both over shared memory; engine/live/evidence.ts has the layout. */
  readonly control: Int32Array;
  readonly records: Int32Array;
}

export interface NativeEvidenceCounts {
  /** = stored + full + others */
  readonly seen: number;
  readonly stored: number;
  /** There was no room for their records. */
  readonly full: number;
  /** They do not tell of this run. */
  readonly others: number;
  /** The kernel had no room for them. */
  readonly dropped: number;
}

export interface NativeEvidence {
  counts(): NativeEvidenceCounts;
  close(): void;
}

export interface MatcherAddon {
  readonly SprayMatcher: new (options: NativeMatcherOptions) => NativeMatcher;
  readonly SprayEvidence: new (options: NativeEvidenceOptions, wake: () => void) => NativeEvidence;
  /** Filters on tc ingress, each alone at its priority, that nobody looks after any more: everything passes them. */
  matcherLeftovers(): { readonly device: string; readonly priority: number }[];
  removeMatcherLeftovers(): void;
}

const PATH: string = join(PACKAGE_ROOT, 'native/build/Release/spray.node');

/** Throws BeaconError ERR_ENGINE where it is not built. */
export function loadMatcherAddon(): MatcherAddon {
  try {
    return createRequire(import.meta.url)(PATH);
  } catch (cause) {
    throw new BeaconError(
      'ERR_ENGINE',
      'What sprays at rate is not built: apt-get install libpcap-dev libbpf-dev clang g++ make python3, then npm run build',
      { cause },
    );
  }
}

/** The compiled program that matches in the kernel. */
export const MATCH_OBJECT: string = join(PACKAGE_ROOT, 'build/bpf/spray-match.bpf.o');
