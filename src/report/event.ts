/**
 * The events that a command reports, and the only place that declares them. `--json` prints one a line, as it stands here.
 * Times are milliseconds (`timeMs` since 1970 on the engine's clock), fractions 0–1, addresses as RFC 5952 writes them;
 * what is not known is null, never absent. `position` is the printed IDX: 0 is us, 1 the first hop.
 */
import type { Fact } from '../boomerang/fact.ts';
import type { LayerSourceKind } from '../boomerang/layer-source.ts';
import type { Share } from '../boomerang/scan-answers.ts';
import type { DscpFate, EcnFate, TtlModel } from '../boomerang/scan-copies.ts';
import type { Extent } from '../boomerang/scan-extent.ts';
import type { HopState } from '../boomerang/survey.ts';
import type { LatencyMoved } from '../infer/latency.ts';
import type { LossEstimate } from '../locate/links.ts';
import type { TalliedMethod } from '../locate/tallied-findings.ts';
import type { DeviceSuspect, LinkSuspect, UnknownPart, VerdictKind } from '../locate/verdict.ts';
import type { Nesting } from '../topology/behaviour.ts';
import type { Address } from '../wire/address.ts';

export const EVENT_VERSION = 1;

/** Each run has exactly one `end`, last. */
export type Event =
  | StartEvent
  | HopEvent
  | PathEvent
  | SplitEvent
  | FlowsEvent
  | NodeEvent
  | EdgeEvent
  | PathsEvent
  | TallyEvent
  | NameEvent
  | PlanEvent
  | TalliesEvent
  | LatencyEvent
  | LinkEvent
  | VerdictEvent
  | ScanEvent
  | ComparisonEvent
  | DifferenceEvent
  | FlowDifferenceEvent
  | LinkDifferenceEvent
  | FactDifferenceEvent
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
export type Command = TraceCommand | 'paths' | 'probe' | 'spray' | 'locate' | 'scan';

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

/** One router, or the end, of all paths together. */
export interface NodeEvent extends Common {
  readonly type: 'node';
  /** 0 is us, 1 the first router. */
  readonly id: number;
  /** `end`: the target. `silent`: it forwards, and never answers. */
  readonly is: 'us' | 'router' | 'silent' | 'end';
  /** All that it answered from; none where it is silent. */
  readonly addresses: readonly Address[];
  /** Of the first of them. */
  readonly name: string | null;
  /** Where it stands; several where ways of several lengths lead to it. 0 is us. */
  readonly ttls: readonly number[];
  /** What it says of flows that it does not forward; null without any. */
  readonly icmp: Icmp | null;
  /** A flow comes by here twice. */
  readonly loops: boolean;
  /** Flows that its next hop is known of. */
  readonly flows: number;
  /** The probability that a next hop is missing; null: a next hop is silent, or there are too many. */
  readonly missed: number | null;
}

/** A way from one node to another. */
export interface EdgeEvent extends Common {
  readonly type: 'edge';
  readonly from: number;
  readonly to: number;
  /** What `to` answered from on this way. */
  readonly addresses: readonly Address[];
  /** Flows that were seen to go here. */
  readonly flows: number;
  /** One of them. */
  readonly flow: FlowChosen;
  /** False behind a node that spreads the packets of one flow: the two may be no neighbours. */
  readonly sure: boolean;
}

/** What selects a path; all else is one and the same in the run. */
export interface FlowChosen {
  /** UDP's, or the echo's identifier. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flowLabel: number;
  /** Where the header inside goes; null: home, or there is none. */
  readonly inner: Address | null;
}

/** What a search for all paths came to; after its nodes, edges and splits. */
export interface PathsEvent extends Common {
  readonly type: 'paths';
  /** Ways from the start to the end; null where that has no number (a loop, or edges that are not sure). */
  readonly paths: number | null;
  readonly nodes: number;
  readonly edges: number;
  readonly splits: number;
  readonly flows: number;
  readonly probes: number;
  /** `plain` probes, or `steered` ones, which are IP in IP. */
  readonly as: 'plain' | 'steered';
  /** That was asked for. */
  readonly risk: number;
  /** The probability that a next hop is missing anywhere, but for the nodes of which that is not known. */
  readonly missed: number;
  /** Those nodes. */
  readonly unknown: number;
  /** In what the flows differ: `missed` holds of routers that choose by any of it. */
  readonly varied: readonly string[];
  /** The run's own flow: what a split does not name is as here. */
  readonly flow: FlowChosen;
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
  /** Null where nothing came home, and of many flows. */
  readonly rttMs: SprayRtt | null;
  /** Losses in a row; null: not counted, or of too many flows. */
  readonly lossRuns: readonly LossRuns[] | null;
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
  /** Groups of directions that this plan cannot tell apart: losses in one of a group look like losses in any other of it. */
  readonly alike: readonly (readonly { readonly from: Address; readonly to: Address }[])[];
  /** Of each interval, 0–1. */
  readonly confidence: number;
}

/** What `locate --from` was given, and how it looked at it; in place of a start. */
export interface TalliesEvent extends Common {
  readonly type: 'tallies';
  readonly file: string;
  /** Those that are counted. */
  readonly paths: number;
  readonly nodes: number;
  /** Each direction of one, but with `--undirected`. */
  readonly links: number;
  readonly sent: number;
  readonly received: number;
  readonly unknown: number;
  /** `explanations`: all that fit, in a small network; `likelihood`: one joint fit; `netbouncer`: as published. */
  readonly method: TalliedMethod;
  /** What a good link loses; null where the method does not ask. */
  readonly goodRate: number | null;
  /** How much more losses vary than independent ones; null where the method does not ask. */
  readonly overdispersion: number | null;
}

/** What one link, or a stretch that no probe turns in, adds to the round trip of steered probes. */
export interface LatencyEvent extends Common {
  readonly type: 'latency';
  /** The two routers. */
  readonly from: Address;
  readonly to: Address;
  readonly fromName: string | null;
  readonly toName: string | null;
  /** That came home from `to`. */
  readonly probes: number;
  /** Of the least round trips, and of the median ones; null where too few came home. */
  readonly leastMs: BetweenMs | null;
  readonly medianMs: BetweenMs | null;
  /** By how much the median is more than in the baseline; null without one. */
  readonly grewMs: BetweenMs | null;
  /** `queueing`: the median grew and the least did not; `way`: both; `fell`: the median did; `same`: nothing is seen to. Null without a baseline. */
  readonly moved: LatencyMoved | null;
  /** Of all intervals of the run together, 0–1. */
  readonly confidence: number;
}

/** A value with its interval. */
export interface BetweenMs {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What is known of one link's loss, each way or both ways together. A later one replaces an earlier. */
export interface LinkEvent extends Common {
  readonly type: 'link';
  /** The two ends on the link; where they are not known, addresses of the two routers; with `--from` the names of nodes. */
  readonly from: Address;
  readonly to: Address;
  readonly fromName: string | null;
  readonly toName: string | null;
  /** `routers`: others lie between the two, or may. */
  readonly is: 'link' | 'routers';
  /** Circuits cross it one way alone, so that its directions are told apart; there and back they are not. Null: no walk crosses it. */
  readonly how: 'circuits' | 'there and back' | 'paths' | null;
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

/** What one router does with nested packets. Each fact has a value, or says why it is not known. */
export interface ScanEvent extends Common {
  readonly type: 'scan';
  readonly position: number;
  readonly address: Address;
  readonly name: string | null;
  /** All of its addresses that were asked. */
  readonly addresses: readonly Address[];
  /** Whether it strips each nesting (inner family in outer family) at each of them. */
  readonly decapsulates: readonly DecapsulationFact[];
  /** A ttl of `position` gets to `address`, and one less does not. */
  readonly place: Fact<boolean>;
  /** Whether the header that leads home from it may carry each source (`--layer-source`). */
  readonly sources: Readonly<Record<LayerSourceKind, Fact<boolean>>>;
  /** Strict: it drops what comes in from elsewhere than its route back leads (RFC 3704). */
  readonly reversePathCheck: Fact<boolean>;
  /** Whether it copies the outer ttl inwards (RFC 3443), the DSCP, and a mark of congestion (RFC 6040). */
  readonly ttl: Fact<TtlModel>;
  /** `remarkedTo`: the DSCP with which everything comes home; null but where it is `remarked`. */
  readonly dscp: Fact<DscpFate> & { readonly remarkedTo: number | null };
  readonly ecn: Fact<EcnFate>;
  /** Headers, one in another, that it strips at one visit: the most that came home, and what bounds it. */
  readonly depth: Extent;
  /** Bytes on the first link of the largest packet that came home. */
  readonly size: Extent;
  /** Of 20 probes at once, and of 20 in the second after, how many errors it sent. */
  readonly icmpLimit: Fact<boolean> & { readonly burst: number | null; readonly perSecond: number | null };
  /** Probes that ran out of ttl at it and were answered, beside probes through it that came home. */
  readonly meter: { readonly expired: Share | null; readonly steered: Share | null };
}

export interface DecapsulationFact extends Fact<boolean> {
  readonly address: Address;
  readonly nesting: Nesting;
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

export type Moved = 'reached' | 'verdict' | 'hop' | 'link' | 'state' | 'fact' | 'loss' | 'errors' | 'rtt';

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
  /** Of `locate`; null where it came to none. */
  readonly verdict: VerdictKind | null;
}

/**
 * One hop of two compared paths. `same`: an address of the one is the other's too, or both are silent; `replaced`; `added` and `removed`: one path has no
 * hop there; `silent` and `heard`: the hop answers in the one run alone, which is no change of the path.
 */
export interface DifferenceEvent extends Common {
  readonly type: 'difference';
  readonly part: number;
  /** Bytes on the first link, of a spray with several sizes; null: as small as they get, or all of them. */
  readonly size: number | null;
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

/** One flow of a spray that both runs tell of, and whose loss has moved. */
export interface FlowDifferenceEvent extends Common {
  readonly type: 'flowDifference';
  readonly part: number;
  readonly position: number;
  readonly address: Address | null;
  readonly size: number | null;
  readonly field: SweptField;
  readonly value: number | Address;
  readonly loss: ShareMoved;
  readonly moved: readonly Moved[];
}

/**
 * One link of two runs of `locate` or `paths`. `added` and `removed`: it stands in one of them alone; `silent` and `heard`: it is seen in the first
 * or in the second alone, and may stand in both.
 */
export interface LinkDifferenceEvent extends Common {
  readonly type: 'linkDifference';
  /** Null: a silent router. */
  readonly from: Address | null;
  /** Null also where it is the router `from` itself that loses. */
  readonly to: Address | null;
  readonly fromName: string | null;
  readonly toName: string | null;
  readonly link: 'same' | 'added' | 'removed' | 'silent' | 'heard';
  /** As of `link`; null where one of the two runs does not tell it. */
  readonly forward: ShareMoved | null;
  readonly backward: ShareMoved | null;
  readonly both: ShareMoved | null;
  /** As of `latency`. */
  readonly leastMs: BetweenMoved | null;
  readonly medianMs: BetweenMoved | null;
  readonly moved: readonly Moved[];
}

/** A value in both runs, and how much more it is in the second. */
export interface BetweenMoved {
  readonly a: number;
  readonly b: number;
  readonly low: number;
  readonly high: number;
}

/** A fact of one hop of two scans that is not the same in both. */
export interface FactDifferenceEvent extends Common {
  readonly type: 'factDifference';
  readonly part: number;
  readonly position: number;
  readonly address: Address;
  /** Its name in `scan`; of several, with what it is about: `sources second`. */
  readonly fact: string;
  /** Null: not known. */
  readonly a: string | number | boolean | null;
  readonly b: string | number | boolean | null;
  /** None where it is not known in both, or comes of a sample. */
  readonly moved: readonly Moved[];
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
