/**
 * The events that a command reports, and the only place that declares them. `--json` prints one a line, as it stands here.
 * Times are milliseconds (`timeMs` since 1970 on the engine's clock), fractions 0–1, addresses as RFC 5952 writes them;
 * what is not known is null, never absent. `position` is the printed IDX: 0 is us, 1 the first hop.
 */
import type { LayerSourceKind } from '../boomerang/layer-source.ts';
import type { HopState } from '../boomerang/survey.ts';
import type { LossEstimate } from '../locate/links.ts';
import type { DeviceSuspect, LinkSuspect, UnknownPart, VerdictKind } from '../locate/verdict.ts';
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
  | PlanEvent
  | LinkEvent
  | VerdictEvent
  | ComparisonEvent
  | DifferenceEvent
  | SprayEvent
  | CountEvent
  | FlowEvent
  | SegmentEvent
  | SprayedEvent
  | ProblemEvent
  | EndEvent;

interface Common {
  readonly v: typeof EVENT_VERSION;
  readonly timeMs: number;
}

export type TraceCommand = 'trace' | 'reverse' | 'between';
export type Command = TraceCommand | 'probe' | 'spray' | 'locate';

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

/** A spray under way: ten times a second on a terminal, once a second as a line. */
export interface SprayEvent extends Common {
  readonly type: 'spray';
  readonly elapsedMs: number;
  /** Packets a second that are asked for; null: as many as there can be. */
  readonly rate: number | null;
  /** Packets a second that went in the last second. */
  readonly kept: number;
  readonly sent: number;
  readonly received: number;
  /** Of what was sent in the last second and would be home by now. Null: nothing yet. */
  readonly loss: number | null;
  readonly lossLow: number | null;
  readonly lossHigh: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Packets that this machine lost itself; null: nobody counts them. */
  readonly drops: number | null;
  /** All is sent; what is under way is waited for. */
  readonly draining: boolean;
  /** The cells of which most is missing. */
  readonly worst: readonly SprayedCell[];
}

/** One flow of the probes to one position of one path. */
export interface SprayedCell {
  /** Which of the paths, 1 being the first. */
  readonly part: number;
  readonly position: number;
  readonly address: Address | null;
  /** Bytes on the first link; null: as small as they get. */
  readonly size: number | null;
  /** What its field holds. */
  readonly value: number | Address;
  readonly sent: number;
  readonly received: number;
}

/** sent = received + lost + unknown. */
export interface SprayCounts {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  /** Of what is missing, as many as this machine may have lost itself. Which those were nobody knows: the intervals cover both extremes. */
  readonly unknown: number;
  readonly duplicate: number;
  readonly reordered: number;
  readonly corrupted: number;
  /** lost / (sent − unknown) with its 95 % interval; null where that is nothing. */
  readonly loss: number | null;
  readonly lossLow: number | null;
  readonly lossHigh: number | null;
}

/** What a spray's probes to one position came to, over all flows. */
export interface CountEvent extends Common, SprayCounts {
  readonly type: 'count';
  readonly part: number;
  readonly position: number;
  readonly address: Address | null;
  readonly size: number | null;
  readonly flows: number;
  /** Null without any, or where positions share a histogram. */
  readonly rttMs: SprayRtt | null;
  /** Losses in a row within a flow; null: not counted. */
  readonly lossRuns: readonly LossRuns[] | null;
}

export interface SprayRtt extends RttSummary {
  readonly p99: number;
}

export interface LossRuns {
  readonly length: number;
  readonly times: number;
}

/** Of one flow to one position. Of many thousands only those that stand out are told. */
export interface FlowEvent extends Common, SprayCounts {
  readonly type: 'flow';
  readonly part: number;
  readonly position: number;
  readonly address: Address | null;
  readonly size: number | null;
  readonly field: SweptField;
  readonly value: number | Address;
}

export type SweptField = 'ports' | 'flow-label' | 'source' | 'outer' | 'inner';

/** Which flows lose between two hops and nowhere else. */
export interface SegmentEvent extends Common {
  readonly type: 'segment';
  readonly part: number;
  /** Of the near end, 0 being us. */
  readonly position: number;
  readonly from: Address | null;
  readonly to: Address | null;
  readonly field: SweptField;
  readonly flows: number;
  /** Nothing but this segment saw the field change. */
  readonly frozen: boolean;
  readonly failing: readonly FailingFlow[];
  /** Options that ask the failing flows alone again; null without any. */
  readonly again: string | null;
}

export interface FailingFlow {
  readonly value: number | Address;
  readonly sent: number;
  readonly lost: number;
  /** How likely it stands out so far by chance. */
  readonly chance: number;
}

/** What a spray came to in all, and how it was done. */
export interface SprayedEvent extends Common, SprayCounts {
  readonly type: 'sprayed';
  readonly sender: string;
  readonly matcher: string;
  /** Why not a faster one. */
  readonly why: readonly string[];
  /** `full`: every count is verified by a keyed tag. */
  readonly tag: 'full' | 'sampled' | 'none';
  readonly elapsedMs: number;
  readonly rate: number | null;
  /** Packets a second over the whole run, ramp and all. */
  readonly kept: number;
  readonly targets: number;
  readonly flows: number;
  /** First landings after their time; in lost too. */
  readonly late: number;
  /** Landings that look like ours and are not. */
  readonly foreign: number;
  readonly drops: number | null;
  /** Packets that the sender's queue refused, and that were sent later. */
  readonly refused: number;
  readonly rttMs: SprayRtt | null;
  readonly lossRuns: readonly LossRuns[] | null;
  /** Flows that have no `flow` line. */
  readonly flowsLeftOut: number;
  /** The code of what ended it early; null: nothing did. */
  readonly stopped: string | null;
}

/** A name that became known after its address was reported. */
export interface NameEvent extends Common {
  readonly type: 'name';
  readonly address: Address;
  readonly name: string;
}

/** What `locate` is going to probe, and what of it can be told apart at all. */
export interface PlanEvent extends Common {
  readonly type: 'plan';
  /** Closed walks of probes. */
  readonly walks: number;
  readonly links: number;
  /** Of how many links the walks tell the two directions apart. */
  readonly directed: number;
  /** Independent numbers that the walks tell. */
  readonly rank: number;
  /** Each link that is crossed at all is crossed by at least so many walks. */
  readonly coverage: number;
  /** Any dead parts of the network, at most so many (up to 2), are told from any other so many. */
  readonly identifiability: number;
}

/** What is known of one link's loss, each way or both ways together. A later one replaces an earlier. */
export interface LinkEvent extends Common {
  readonly type: 'link';
  /** The two ends on the link; where they are not known, addresses of the two routers. */
  readonly from: Address;
  readonly to: Address;
  readonly fromName: string | null;
  readonly toName: string | null;
  /** `routers`: others lie between the two, or may. */
  readonly is: 'link' | 'routers';
  /** Circuits cross it one way alone, so that its directions are told apart; there and back they are not. Null: no walk crosses it. */
  readonly how: 'circuits' | 'there and back' | null;
  /** From `from` to `to`, and the other way; null where they are not told apart. */
  readonly forward: LossEstimate | null;
  readonly backward: LossEstimate | null;
  /** There and back; null where they are. */
  readonly both: LossEstimate | null;
}

/** What `locate` comes to. */
export interface VerdictEvent extends Common {
  readonly type: 'verdict';
  readonly kind: VerdictKind;
  readonly suspects: readonly (LinkSuspect | DeviceSuspect)[];
  readonly unknown: readonly UnknownPart[];
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
