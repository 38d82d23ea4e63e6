/**
 * What a recording says beside its packets: everything that the code asked of the world and no packet answers, as MessagePack in
 * custom blocks, in the order in which it was answered. docs/recording.md describes them for other readers.
 */
import { pack, unpack } from 'msgpackr';
import type { Address, FamilyNumber } from '../../wire/address.ts';
import type { Disturbance, EngineName, Notice, Route } from '../engine.ts';
import type { SprayCounters, SprayError } from '../spray.ts';

/** Raised when a reader of the old kind would misread. */
export const RECORDING_VERSION = 1;

/** Times are nanoseconds since the plan's `startNs`, which a number holds exactly for 104 days. */
export type Message =
  | PlanMessage
  | { readonly kind: 'random'; readonly bytes: Uint8Array }
  | { readonly kind: 'route'; readonly destination: Address; readonly atNs: number; readonly route: Route }
  | { readonly kind: 'route'; readonly destination: Address; readonly atNs: number; readonly error: Failure }
  | { readonly kind: 'addresses'; readonly name: string; readonly family: FamilyNumber | null; readonly addresses: readonly Address[] }
  | { readonly kind: 'name'; readonly address: Address; readonly name: string | null; readonly tookMs: number }
  | { readonly kind: 'own'; readonly beside: Address; readonly addresses: readonly Address[] }
  | { readonly kind: 'speed'; readonly interface: string; readonly bitsPerSecond: number | null }
  /** What follows was handed out apart from what stands before, when the clock was there. */
  | { readonly kind: 'batch'; readonly atNs: number }
  | { readonly kind: 'drops'; readonly atNs: number; readonly dropped: number }
  | { readonly kind: 'disturbances'; readonly atNs: number; readonly disturbances: readonly Disturbance[] }
  /** The engine did not take the next packet, or could not. */
  | { readonly kind: 'refused'; readonly error: Failure | null }
  | { readonly kind: 'failed'; readonly error: Failure }
  | { readonly kind: 'interrupted'; readonly atNs: number }
  | { readonly kind: 'event'; readonly event: string; readonly atNs: number }
  | { readonly kind: 'notices'; readonly notices: readonly Notice[] }
  /** One in `every` of its packets is recorded; 0: none is. `histograms`: which one each template has; null: its own. */
  | {
      readonly kind: 'spray';
      readonly sender: string;
      readonly matcher: string;
      readonly why: readonly string[];
      readonly templates: number;
      readonly flows: number;
      readonly every: number;
      readonly histograms: readonly number[] | null;
      /** Left out: no flow has one of its own. */
      readonly flowHistograms?: boolean;
      /** Left out: losses in a row are told by template alone. */
      readonly flowLossRuns?: boolean;
    }
  | { readonly kind: 'template'; readonly index: number; readonly packet: Uint8Array }
  /** What a spray's counters said. */
  | { readonly kind: 'epoch'; readonly atNs: number; readonly counters: SprayCounters }
  /** Packed as sparse.ts has it, from this cell on. */
  | {
      readonly kind: 'cells';
      readonly from: number;
      readonly received: Uint8Array;
      readonly duplicates: Uint8Array;
      readonly reordered: Uint8Array;
      readonly corrupted: Uint8Array;
    }
  | { readonly kind: 'histogram'; readonly number: number; readonly counts: Uint8Array }
  | { readonly kind: 'flowHistogram'; readonly template: number; readonly flow: number; readonly counts: Uint8Array }
  | { readonly kind: 'lossRuns'; readonly template: number; readonly runs: readonly RunTimes[] | null }
  | { readonly kind: 'flowLossRuns'; readonly template: number; readonly flow: number; readonly runs: readonly RunTimes[] }
  | { readonly kind: 'errors'; readonly errors: readonly SprayError[] | null }
  /** The spray is over. */
  | { readonly kind: 'sprayed' }
  /** The last: without it the recording was cut short. */
  | { readonly kind: 'end'; readonly sent: number; readonly received: number };

/** So many losses in a row, and how often. */
type RunTimes = readonly [length: number, times: number];

/** The first custom block. */
export interface PlanMessage {
  readonly kind: 'plan';
  readonly version: string;
  /** As the command line was parsed. */
  readonly command: string;
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** What files that options name held, by option. */
  readonly files: Readonly<Record<string, string>>;
  /** The first random bytes that were handed out, and the run that they make. */
  readonly random: Uint8Array;
  readonly run: { readonly number: number; readonly key: Uint8Array; readonly idKey: number };
  readonly engine: EngineName;
  readonly realTime: boolean;
  readonly countDrops: boolean;
  /** Nanoseconds since 1970 on the clock that stamps the packets, and what the machine's own clock said then. */
  readonly startNs: bigint;
  readonly machineNs: bigint;
}

export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** The content of a custom block. */
export const encoded = (message: Message): Uint8Array => pack({ beacon: RECORDING_VERSION, ...message });

/** Null for what is not ours, or of a version that is not known; kinds that are not known are the reader's to skip. */
export function decoded(bytes: Uint8Array): Message | null {
  try {
    const { beacon, ...message } = unpack(bytes) as { beacon?: unknown } & Message;
    if (beacon !== RECORDING_VERSION || typeof message.kind !== 'string') return null;
    return isRight(message) ? message : null;
  } catch {
    return null;
  }
}

interface Shape {
  readonly [field: string]: string | Shape;
}

const ROUTE: Shape = { destination: 'string', interface: 'string', source: 'string', nextHop: 'string', mtu: 'whole' };
const COUNTERS: Shape = Object.fromEntries(
  ['next', 'sent', 'refused', 'received', 'duplicates', 'reordered', 'corrupted', 'late', 'foreign', 'behindNs'].map((name) => [
    name,
    'number',
  ]),
);
const FAILURE: Shape = { code: 'string', message: 'string' };

/** A file may say anything: the types of the fields that a replay counts on, by kind. */
const SHAPES: Readonly<Record<string, Shape>> = {
  plan: {
    command: 'string',
    words: 'array',
    options: 'object',
    files: 'object',
    random: 'bytes',
    run: { number: 'whole', key: 'bytes', idKey: 'whole' },
    startNs: 'bigint',
  },
  random: { bytes: 'bytes' },
  addresses: { name: 'string', addresses: 'array' },
  name: { address: 'string', tookMs: 'number' },
  own: { beside: 'string', addresses: 'array' },
  speed: { interface: 'string' },
  batch: { atNs: 'whole' },
  drops: { atNs: 'whole', dropped: 'whole' },
  disturbances: { atNs: 'whole', disturbances: 'array' },
  failed: { error: FAILURE },
  interrupted: { atNs: 'whole' },
  event: { event: 'string', atNs: 'whole' },
  notices: { notices: 'array' },
  spray: { sender: 'string', matcher: 'string', why: 'array', templates: 'whole', flows: 'whole' },
  epoch: { atNs: 'whole', counters: COUNTERS },
  cells: { from: 'whole', received: 'bytes', duplicates: 'bytes', reordered: 'bytes', corrupted: 'bytes' },
  histogram: { counts: 'bytes' },
  flowHistogram: { counts: 'bytes' },
};

function isRight(message: Message): boolean {
  if (message.kind !== 'route') return fits(message, SHAPES[message.kind] ?? {});
  return fits(message, { destination: 'string', atNs: 'whole', ...('error' in message ? { error: FAILURE } : { route: ROUTE }) });
}

const fits = (value: unknown, shape: string | Shape): boolean =>
  typeof shape === 'string'
    ? typeOf(value) === shape || (shape === 'whole' && Number.isSafeInteger(value))
    : typeOf(value) === 'object' && Object.entries(shape).every(([name, inner]) => fits((value as Record<string, unknown>)[name], inner));

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Uint8Array) return 'bytes';
  return typeof value === 'number' && !Number.isFinite(value) ? 'other' : typeof value;
}
