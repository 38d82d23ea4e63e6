/**
 * beacon, the library: what the command is made of, for programs of your own. An engine is a network, `openAsk` puts questions to it,
 * and the tracers and sweeps are generators over what it answers. ARCHITECTURE.md is the map.
 */

export type { Fact } from './boomerang/fact.ts';
export { boomerang, type Landing, type Waypoint } from './boomerang/itinerary.ts';
export { type LayerSource, layerSources } from './boomerang/layer-source.ts';
export type { ProbedPath } from './boomerang/path.ts';
export { type Card, type ScannedHop, scan } from './boomerang/scan.ts';
export type { Scanner } from './boomerang/scan-ask.ts';
export { type HopState, type SurveyedHop, type SurveyOptions, survey } from './boomerang/survey.ts';
export { beginSweep, type Sweeping, type SweepOptions, sweep } from './boomerang/sweep.ts';
export type { Tally } from './boomerang/tally.ts';
export { readCapture } from './capture/capture.ts';
export type { CaptureItem, PacketRecord } from './capture/record.ts';
export { openCap } from './engine/cap/cap.ts';
export type { Can, Engine, Packet, Route } from './engine/engine.ts';
export { type LiveOptions, openLive } from './engine/live/live.ts';
export { openPcap } from './engine/pcap/pcap.ts';
export { type RecordingEngine, recordingEngine } from './engine/recording/recording.ts';
export { createWriter, type RecordingWriter, type WriterOptions } from './engine/recording/writer.ts';
export { type Recorded, readRecorded } from './engine/replay/recorded.ts';
export { type Replay, type ReplayOptions, replay } from './engine/replay/replay.ts';
export { type Simulated, type SimulatedOptions, simulated } from './engine/simulated/simulated.ts';
export { BeaconError, type ErrorCode } from './error.ts';
export { type Interval, wilson } from './infer/interval.ts';
export { attach } from './lab/attach.ts';
export { down } from './lab/down.ts';
export type { Lab } from './lab/lab.ts';
export { up } from './lab/up.ts';
export { type Ask, type Asking, type AskOptions, openAsk } from './probe/ask.ts';
export type { Flow, Itinerary, Layer } from './probe/itinerary.ts';
export type { Answer, Grade, Observation, Outcome, Probe, Remark, Strays } from './probe/observation.ts';
export { type Question, question } from './probe/question.ts';
export { newRun, type Run } from './probe/run.ts';
export type { Event } from './report/event.ts';
export { type Fault, NO_FAULT, type Share } from './topology/fault.ts';
export { parseTopology } from './topology/parse.ts';
export type { Topology } from './topology/topology.ts';
export type { FieldName, FieldsAsked } from './trace/field.ts';
export type { Hop, HopAnswer } from './trace/hop.ts';
export type { PathFlow } from './trace/mda-flow.ts';
export type { PathChoice, PathEdge, PathGraph, PathNode, PathSplit } from './trace/path-graph.ts';
export type { Carries, PathEnds, PathKind } from './trace/path-kind.ts';
export { type PathsFound, type PathsOptions, searchPaths } from './trace/paths.ts';
export type { NextHop, Split } from './trace/split.ts';
export { type SplitOptions, searchSplits, type Tried } from './trace/split-search.ts';
export { type Searched, steeredTrace } from './trace/steered.ts';
export { type Traced, type TraceOptions, trace } from './trace/trace.ts';
export type { Address } from './wire/address.ts';
export { type Dissected, dissect } from './wire/dissect.ts';
