/**
 * The second method of an engine: templates go out at a rate, and what comes home is counted, with nothing in JavaScript for a packet.
 * Sequences are dense from 0 (but for those that are not sendable) and go round the cells, each turn from another one on: template = cell
 * % templates, flow = floor(cell / templates). So what was sent to a cell follows from the next sequence (spray-sequence.ts).
 */
import type { Address } from '../wire/address.ts';
import type { SipKey } from '../wire/siphash.ts';
import type { Packet, Route } from './engine.ts';

export const SENDERS = ['live', 'afxdp', 'sendmmsg', 'inject'] as const;
export type SenderName = (typeof SENDERS)[number];
export const MATCHERS = ['tc', 'xdp', 'pcap'] as const;
export type MatcherName = (typeof MATCHERS)[number];
/** Which probes carry the keyed tag: all, one in TAGGED_EVERY, none; the rest have zeros there, and their counts are not verified. */
export const TAGS = ['full', 'sampled', 'none'] as const;
export type TagMode = (typeof TAGS)[number];
export const TAGGED_EVERY = 64;

/** 16-bit words that a flow may change in a packet. */
export const SPRAY_WORDS = 8;
/** Bytes of a template with its link header. */
export const LARGEST_TEMPLATE = 1536;
/** So many IPv4 headers a template may have. */
export const SPRAY_IDS = 72;
/** Templates times flows. */
export const MOST_CELLS: number = 2 ** 28;
/** Up to so many cells each has a histogram of round trips: 6.7 kB each, and as much again for each processor. */
export const FLOW_HISTOGRAMS = 512;
/** Up to so many cells losses in a row are told of each: 16 bytes for each length that a cell has met. */
export const FLOW_LOSS_RUNS = 65_536;

/** What makes the packets of a run its own, as probe/run.ts draws it. */
export interface SprayRun {
  readonly number: number;
  readonly key: SipKey;
  readonly idKey: number;
}

/** A packet and where it differs from probe to probe. Offsets count from the first IP header. */
export interface SprayTemplate {
  /** The IP packet. Zeros stand where a probe writes: IDs, their checksums, the transport's half, what of the identity changes, swept words. */
  readonly packet: Uint8Array;
  /** IPv4 headers: the half of the scattered sequence that is the ID, and the folded sum of the header as it stands in `packet`. */
  readonly ids: readonly { readonly at: number; readonly half: 0 | 1; readonly sum: number }[];
  /** Where the transport carries a half. */
  readonly half: { readonly at: number; readonly of: 0 | 1 };
  readonly identityAt: number;
  /** The folded sum of pseudo-header, transport and payload as they stand in `packet`. */
  readonly transportSum: number;
  /** Where word k of a flow's value goes; null: this template does not have it. */
  readonly words: readonly (SprayWord | null)[];
}

export interface SprayWord {
  readonly at: number;
  /** Index of the one of `ids` whose checksum covers it; null: none does. */
  readonly id: number | null;
  /** The transport's checksum covers it. */
  readonly inTransport: boolean;
}

export interface SprayPace {
  /** Packets a second; null: as many as there can be. */
  readonly perSecond: number | null;
  /** The rate grows evenly from 0 to all of it for so long. */
  readonly rampNs: number;
  /** Ends after so many packets, or so long; null: not by that. */
  readonly count: number | null;
  readonly durationNs: number | null;
}

export interface SprayJob {
  /** All templates leave by it. */
  readonly route: Route;
  readonly run: SprayRun;
  readonly templates: number;
  /** Called once for each, in order; it is not kept. */
  readonly template: (index: number) => SprayTemplate;
  readonly flows: number;
  /** SPRAY_WORDS words a flow, in the order of their numbers' bytes on the wire. */
  readonly values: Uint16Array;
  readonly pace: SprayPace;
  readonly timeoutNs: number;
  readonly tag: TagMode;
  readonly sender: SenderName | 'auto';
  readonly matcher: MatcherName | 'auto';
  /**
   * Whoever records is shown what comes home, as it was captured: one in `every` sequences, which a power of two divides, about
   * `perSecond`. XDP shows none.
   */
  readonly sample?: { readonly every: number; readonly perSecond: number; readonly home: (packet: Packet) => void };
}

/** Since the spray began; each only ever grows. */
export interface SprayCounters {
  /** The sequence that goes out next: all sendable ones below it were sent. */
  readonly next: number;
  /** Packets that the sender's queue took. */
  readonly sent: number;
  /** Packets that it refused, and that were tried again. */
  readonly refused: number;
  /** First landings in time. */
  readonly received: number;
  readonly duplicates: number;
  /** Landings with a sequence below one of the same cell that came earlier. */
  readonly reordered: number;
  /** Landings of ours with a wrong tag or checksum; their probes stay missing. */
  readonly corrupted: number;
  /** First landings after their time; their probes stay missing. */
  readonly late: number;
  /** Landings that carry our magic and another run, or a run of ours that never sent them. */
  readonly foreign: number;
  /** Packets that this machine lost after the sender, or before the matcher, as far as anybody counts them; null: nobody does. */
  readonly drops: number | null;
  /** Of the sequences below, so many did not come home in time: it is told some time after they went. Left out: it is not told. */
  readonly settled?: { readonly below: number; readonly missing: number };
  /** How far the sender is behind its pace. */
  readonly behindNs: number;
  /** The sender is done: by count, by duration, by stop(), or by an error. */
  readonly finished: boolean;
  readonly error: string | null;
}

/** Columns of what came home to each of a range of cells. */
export interface SprayCells {
  readonly received: Float64Array;
  readonly duplicates: Float64Array;
  readonly reordered: Float64Array;
  readonly corrupted: Float64Array;
}

/** How many losses in a row, and how often. */
export interface LossRun {
  readonly length: number;
  readonly times: number;
}

/** What one router said about the probes of one template, and how often; routers limit how much they say. */
export interface SprayError {
  readonly template: number;
  /** As wire/icmp.ts names it, such as `icmp 11/0`. */
  readonly kind: string;
  readonly from: Address;
  readonly count: number;
}

export interface Spraying {
  /** As the report names them. */
  readonly sender: string;
  readonly matcher: string;
  /** Why not a faster one: a sentence each. */
  readonly why: readonly string[];
  counters(): SprayCounters;
  /** Reads the cells from this one on, as many as the columns are long. */
  cells(from: number, into: SprayCells): void;
  /** Templates may share histograms: those of one number have one. */
  histogramOf(template: number): number;
  /** How many of its round trips fell into each bucket (spray-histogram.ts). */
  histogram(number: number): Float64Array;
  /** All of them together, read at once; left out where it would not be quicker than one by one. */
  wholeHistogram?(): Float64Array;
  /** Those of one flow alone; null, or left out: flows have none of their own. */
  flowHistogram?(template: number, flow: number): Float64Array | null;
  /** Losses in a row within one cell, over all cells of a template; complete once all is decided. Null: nobody counts them. */
  lossRuns(template: number): readonly LossRun[] | null;
  /** Those of one flow alone; null, or left out: they are only counted by template. */
  flowLossRuns?(template: number, flow: number): readonly LossRun[] | null;
  /** ICMP errors that quoted its probes: no landings, their probes stay missing. Left out where nobody listens. */
  errors?(): readonly SprayError[];
  pace(perSecond: number | null): void;
  /** Nothing is sent any more; what is under way is still counted. */
  stop(): void;
  /** Lets time pass. */
  wait(untilNs: bigint): Promise<void>;
  /** Nothing more is waited for: from now on counts stand. */
  decided(): Promise<void>;
  close(): Promise<void>;
}

export const newCells = (length: number): SprayCells => ({
  received: new Float64Array(length),
  duplicates: new Float64Array(length),
  reordered: new Float64Array(length),
  corrupted: new Float64Array(length),
});
