/**
 * The events that a command reports, and the only place that declares them. `--json` prints one a line, as it stands here.
 * Times are milliseconds (`timeMs` since 1970 on the engine's clock), fractions 0–1, addresses as RFC 5952 writes them;
 * what is not known is null, never absent. `position` is the printed IDX: 0 is us, 1 the first hop.
 */
import type { LayerSourceKind } from '../boomerang/layer-source.ts';
import type { HopState } from '../boomerang/survey.ts';
import type { Address } from '../wire/address.ts';

export const EVENT_VERSION = 1;

/** Each run has exactly one `end`, last. */
export type Event =
  | StartEvent
  | HopEvent
  | PathEvent
  | SplitEvent
  | FlowsEvent
  | TallyEvent
  | NameEvent
  | ComparisonEvent
  | DifferenceEvent
  | ProblemEvent
  | EndEvent;

interface Common {
  readonly v: typeof EVENT_VERSION;
  readonly timeMs: number;
}

export type TraceCommand = 'trace' | 'reverse' | 'between';
export type Command = TraceCommand | 'probe' | 'spray';

export interface StartEvent extends Common {
  readonly type: 'start';
  readonly command: Command;
  readonly version: string;
  readonly engine: string;
  readonly interface: string;
  /** The neighbour that takes the probes. */
  readonly nextHop: Address;
  /** Among how many next hops this host spreads its own packets to there. Probes all take the one. */
  readonly ways: number;
  /** Where the path starts: us, or the router that `-s` or `-r` names. */
  readonly source: Address;
  readonly sourceName: string | null;
  readonly target: Address;
  readonly targetName: string | null;
  /** The path is searched first; false where the user gave it. */
  readonly discovers: boolean;
}

export interface Icmp {
  readonly type: number;
  readonly code: number;
}

/** One hop of a trace. */
export interface HopEvent extends Common {
  readonly type: 'hop';
  readonly position: number;
  readonly ttl: number;
  /** Who answered first; null where nobody did. */
  readonly address: Address | null;
  readonly name: string | null;
  /** Further addresses that answered at this ttl (a path with more than one next hop). */
  readonly others: readonly Address[];
  /** One per probe asked, in the order asked; null where it was not answered. */
  readonly rttMs: readonly (number | null)[];
  readonly reached: boolean;
  /** The error that ended the trace here, such as 3/1; null for time exceeded and for the target itself. */
  readonly icmp: Icmp | null;
}

/** The path that a trace found or that the user gave. */
export interface PathEvent extends Common {
  readonly type: 'path';
  /** 1, and one more with each change of the route in mid-run. */
  readonly part: number;
  /** Starts with us; a silent hop is null. */
  readonly hops: readonly (Address | null)[];
}

/** A place of a traced path where packets may go on in more than one way. */
export interface SplitEvent extends Common {
  readonly type: 'split';
  /** Of the router that splits. */
  readonly position: number;
  /** At which its next hops answer. */
  readonly ttl: number;
  /** Null where it did not answer, or where several routers stand there. */
  readonly from: Address | null;
  readonly next: readonly SplitNext[];
  /** Each field that changes the next hop; none: it cannot be steered from here. */
  readonly movedBy: readonly string[];
  /** The next hop changes though nothing in the probe does. */
  readonly perPacket: boolean;
}

export interface SplitNext {
  readonly address: Address;
  /** Addresses that are shown to be one router's have the same number. */
  readonly router: number;
  /** A field and its value that lead there; null where none does. */
  readonly field: string | null;
  readonly value: number | Address | null;
}

/** How far the search for splits went; after the last of them. */
export interface FlowsEvent extends Common {
  readonly type: 'flows';
  readonly splits: number;
  readonly fields: readonly FieldTried[];
}

export interface FieldTried {
  readonly field: string;
  /** How many of its values every hop that answers was heard with. */
  readonly values: number;
  /** The probability that two equal ways looked like one. */
  readonly missed: number;
}

/** What became of the probes to one position; cumulative over every link up to it and back. A later one replaces an earlier. */
export interface TallyEvent extends Common {
  readonly type: 'tally';
  /** Which of the paths the position is on; a run's first is part 1. */
  readonly part: number;
  readonly position: number;
  readonly address: Address | null;
  /** What the survey found of the hop; only a `visited` one is measured. */
  readonly state: HopState | 'no answer';
  /** Whose address its probes carry as source (`--layer-source`); null where nothing is measured. */
  readonly layerSource: LayerSourceKind | null;
  /** Position of the hop that its probes visit before it, 0 being us; null where nothing is measured. */
  readonly legFrom: number | null;
  /** What lies between the two: one link, seen to be one hop each way, or routers, of which there may be more. */
  readonly leg: 'link' | 'routers' | null;
  readonly sent: number;
  /** Landed at home in time. sent = received + lost + unknown + the sum of errors, once nothing is in flight. */
  readonly received: number;
  readonly lost: number;
  /** Unanswered while our own receiver dropped packets, the route changed, or of a hop that never answers: silence proves nothing. */
  readonly unknown: number;
  /** ICMP errors by kind: `icmp 3/1`, `icmpv6 1/0`. */
  readonly errors: Readonly<Record<string, number>>;
  readonly duplicate: number;
  /** Landed after its deadline; stays in lost. */
  readonly late: number;
  /** lost / (sent − unknown) with its 95 % Wilson interval; null where nothing is decided yet. */
  readonly loss: number | null;
  readonly lossLow: number | null;
  readonly lossHigh: number | null;
  readonly rttMs: RttSummary | null;
}

export interface RttSummary {
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** A name that became known after its address was reported. */
export interface NameEvent extends Common {
  readonly type: 'name';
  readonly address: Address;
  readonly name: string;
}

/** Two runs are compared: what they were, and what has moved from the first, `a`, to the second, `b`. */
export interface ComparisonEvent extends Common {
  readonly type: 'comparison';
  readonly a: ComparedRun;
  readonly b: ComparedRun;
  /** Of all intervals and round trips of the comparison together. */
  readonly confidence: number;
  /** Of each: the more are looked at, the more would differ by chance. */
  readonly eachConfidence: number;
  /** Everything that moved anywhere; the exit code is 1 where there is any. */
  readonly moved: readonly Moved[];
}

export type Moved = 'reached' | 'hop' | 'state' | 'loss' | 'errors' | 'rtt';

export interface ComparedRun {
  readonly file: string;
  readonly command: Command;
  /** When it began. */
  readonly startMs: number;
  readonly source: Address;
  readonly target: Address;
  readonly targetName: string | null;
  /** As its `end` says; null where it has none. */
  readonly reached: boolean | null;
}

/**
 * One hop of two compared paths. `same`: an address of the one is the other's too, or both are silent; `replaced`; `added` and `removed`: one path has no
 * hop there; `silent` and `heard`: the hop answers in the one run alone, which is no change of the path.
 */
export interface DifferenceEvent extends Common {
  readonly type: 'difference';
  readonly part: number;
  readonly hop: 'same' | 'replaced' | 'added' | 'removed' | 'silent' | 'heard';
  /** Null where the run has no such hop. */
  readonly a: ComparedHop | null;
  readonly b: ComparedHop | null;
  /** Null where one of the two has none: the hops are not the same, or nothing was counted. */
  readonly loss: ShareMoved | null;
  readonly errors: ShareMoved | null;
  readonly rttMs: RttMoved | null;
  readonly moved: readonly Moved[];
}

export interface ComparedHop {
  readonly position: number;
  readonly address: Address | null;
  /** Of a probe: the tally's; of a trace the error that ended it here, `icmp 3/1`; null without one. */
  readonly state: string | null;
  /** Probes whose outcome is known, and how many of them were lost (of a trace: not answered) or came to an error. */
  readonly decided: number;
  readonly lost: number;
  readonly errors: number;
  readonly rttMs: RttSummary | null;
}

/** A share in both runs, and how much more it is in the second, with an interval of `eachConfidence`. */
export interface ShareMoved {
  readonly a: number;
  readonly b: number;
  readonly low: number;
  readonly high: number;
}

/** Medians. `chance`: how likely runs over an unchanged network lie so far apart, at most; null where they overlap. */
export interface RttMoved {
  readonly a: number;
  readonly b: number;
  readonly chance: number | null;
}

/** Something went wrong or limits what the result means. Codes are in docs/json.md. */
export interface ProblemEvent extends Common {
  readonly type: 'problem';
  readonly code: string;
  readonly message: string;
}

export interface EndEvent extends Common {
  readonly type: 'end';
  /** The target answered; null for commands without one. */
  readonly reached: boolean | null;
  readonly interrupted: boolean;
  /** The exit code. */
  readonly exit: number;
}
