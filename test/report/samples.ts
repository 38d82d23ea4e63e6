/** Events to report: the runs that the issue shows, and one of each type. */
import type {
  ComparedHop,
  ComparedRun,
  ComparisonEvent,
  CountEvent,
  DifferenceEvent,
  EdgeEvent,
  EndEvent,
  Event,
  FactDifferenceEvent,
  FlowChosen,
  FlowDifferenceEvent,
  FlowEvent,
  FlowsEvent,
  HopEvent,
  LatencyEvent,
  LinkDifferenceEvent,
  LinkEvent,
  NodeEvent,
  PathEvent,
  PathsEvent,
  PlanEvent,
  ProblemEvent,
  ScanEvent,
  SegmentEvent,
  SplitEvent,
  SprayCounts,
  SprayEvent,
  SprayedEvent,
  StartEvent,
  TalliesEvent,
  TallyEvent,
  VerdictEvent,
} from '../../src/report/event.ts';

const common = { v: 1, timeMs: 1_700_000_000_000.25 } as const;

export const start = (fields: Partial<StartEvent> = {}): StartEvent => ({
  ...common,
  type: 'start',
  command: 'trace',
  version: '0.1.0',
  engine: 'simulated',
  interface: 'to_r1',
  nextHop: '10.0.0.2',
  ways: 1,
  source: '10.0.0.1',
  sourceName: null,
  target: '10.255.0.7',
  targetName: 'd.example',
  discovers: true,
  ...fields,
});

export const hop = (position: number, fields: Partial<HopEvent> = {}): HopEvent => ({
  ...common,
  type: 'hop',
  position,
  ttl: position,
  address: `10.0.${position}.1`,
  name: null,
  others: [],
  rttMs: [0.21, 0.19, 0.18],
  reached: false,
  icmp: null,
  ...fields,
});

export const path = (...hops: (string | null)[]): PathEvent => ({ ...common, type: 'path', part: 1, hops });

export const tally = (position: number, fields: Partial<TallyEvent> = {}): TallyEvent => ({
  ...common,
  type: 'tally',
  part: 1,
  position,
  address: `10.0.${position}.1`,
  state: 'visited',
  layerSource: 'us',
  legFrom: position - 1,
  leg: 'link',
  sent: 1000,
  received: 1000,
  lost: 0,
  unknown: 0,
  errors: {},
  duplicate: 0,
  late: 0,
  loss: 0,
  lossLow: 0,
  lossHigh: 0.0038267584855551234,
  rttMs: { min: 0.2, p50: 0.25, p95: 0.4, max: 1.5 },
  ...fields,
});

export const problem = (message: string, code = 'ERR_UNKNOWN_HOST'): ProblemEvent => ({ ...common, type: 'problem', code, message });

export const end = (fields: Partial<EndEvent> = {}): EndEvent => ({
  ...common,
  type: 'end',
  reached: true,
  interrupted: false,
  exit: 0,
  ...fields,
});

export const split = (fields: Partial<SplitEvent> = {}): SplitEvent => ({
  ...common,
  type: 'split',
  position: 1,
  ttl: 2,
  from: '10.0.1.1',
  next: [
    { address: '10.0.4.1', router: 1, field: 'source port', value: 41_000 },
    { address: '10.0.5.1', router: 2, field: 'outer source', value: '10.255.0.1' },
  ],
  movedBy: ['source port', 'outer source'],
  perPacket: false,
  ...fields,
});

export const flows = (fields: Partial<FlowsEvent> = {}): FlowsEvent => ({
  ...common,
  type: 'flows',
  splits: 1,
  fields: [
    { field: 'source port', values: 16, missed: 2 ** -15 },
    { field: 'outer source', values: 2, missed: 0.5 },
  ],
  ...fields,
});

const flowChosen: FlowChosen = { sourcePort: 45_000, destinationPort: 33_434, flowLabel: 0, inner: null };

export const node = (id: number, fields: Partial<NodeEvent> = {}): NodeEvent => ({
  ...common,
  type: 'node',
  id,
  is: 'router',
  addresses: [`10.0.${id}.1`],
  name: null,
  ttls: [id],
  icmp: null,
  loops: false,
  flows: 12,
  missed: 2 ** -11,
  ...fields,
});

export const edge = (from: number, to: number, fields: Partial<EdgeEvent> = {}): EdgeEvent => ({
  ...common,
  type: 'edge',
  from,
  to,
  addresses: [`10.0.${to}.1`],
  flows: 12,
  flow: flowChosen,
  sure: true,
  ...fields,
});

export const paths = (fields: Partial<PathsEvent> = {}): PathsEvent => ({
  ...common,
  type: 'paths',
  paths: 2,
  nodes: 5,
  edges: 5,
  splits: 1,
  flows: 36,
  probes: 120,
  as: 'plain',
  risk: 0.01,
  missed: 0.0021,
  unknown: 0,
  varied: ['source port'],
  flow: flowChosen,
  ...fields,
});

/** Us, a router that splits in two, and the end behind both. */
export const pathsRun = (): readonly Event[] => [
  start({ command: 'paths' }),
  node(0, { is: 'us', name: 'a', missed: 0 }),
  node(1, { name: 'r1.example' }),
  node(4),
  node(5, { missed: null }),
  node(6, { is: 'end', addresses: ['10.255.0.7'], name: 'd', flows: 0, missed: 0, ttls: [3] }),
  edge(0, 1),
  edge(1, 4),
  edge(1, 5),
  edge(4, 6),
  edge(5, 6, { sure: false }),
  split({
    next: [
      { address: '10.0.4.1', router: 4, field: 'source port', value: 45_000 },
      { address: '10.0.5.1', router: 5, field: 'source port', value: 41_000 },
    ],
    movedBy: ['source port'],
  }),
  paths({ unknown: 1 }),
  end(),
];

export const plan = (fields: Partial<PlanEvent> = {}): PlanEvent => ({
  ...common,
  type: 'plan',
  walks: 15,
  links: 9,
  directed: 7,
  rank: 15,
  coverage: 1,
  identifiability: 1,
  alike: [],
  confidence: 0.99,
  ...fields,
});

export const latency = (fields: Partial<LatencyEvent> = {}): LatencyEvent => ({
  ...common,
  type: 'latency',
  from: '10.0.1.1',
  to: '10.0.4.1',
  fromName: 'r1',
  toName: 'r2',
  probes: 300,
  leastMs: { value: 0.151, low: 0.149, high: 0.152 },
  medianMs: { value: 7.31, low: 7.1, high: 7.6 },
  grewMs: { value: 7.14, low: 6.9, high: 7.5 },
  moved: 'queueing',
  confidence: 0.99,
  ...fields,
});

export const tallies = (fields: Partial<TalliesEvent> = {}): TalliesEvent => ({
  ...common,
  type: 'tallies',
  file: 'paths.jsonl',
  paths: 3,
  nodes: 4,
  links: 3,
  sent: 6000,
  received: 5899,
  unknown: 0,
  method: 'explanations',
  goodRate: 0.0005,
  overdispersion: 1,
  ...fields,
});

export const link = (from: string, to: string, fields: Partial<LinkEvent> = {}): LinkEvent => ({
  ...common,
  type: 'link',
  from,
  to,
  fromName: null,
  toName: null,
  is: 'link',
  how: 'circuits',
  forward: { state: 'clear', loss: 0, low: 0, high: 0.0004, probes: 11_400 },
  backward: { state: 'clear', loss: 0, low: 0, high: 0.0005, probes: 11_300 },
  both: null,
  ...fields,
});

export const verdict = (fields: Partial<VerdictEvent> = {}): VerdictEvent => ({
  ...common,
  type: 'verdict',
  kind: 'suspect',
  suspects: [{ from: '10.0.7.2', to: '10.0.7.1', direction: 'from-to', loss: 0.021, low: 0.016, high: 0.027, probes: 11_400 }],
  unknown: [],
  ...fields,
});

export const comparedRun = (fields: Partial<ComparedRun> = {}): ComparedRun => ({
  file: 'a.json',
  command: 'probe',
  startMs: 1_700_000_000_000,
  source: '10.0.0.1',
  target: '10.255.0.7',
  targetName: 'd.example',
  reached: true,
  verdict: null,
  ...fields,
});

export const comparedHop = (position: number, fields: Partial<ComparedHop> = {}): ComparedHop => ({
  position,
  address: `10.0.${position}.1`,
  state: 'visited',
  decided: 1000,
  lost: 0,
  errors: 0,
  rttMs: { min: 0.2, p50: 0.25, p95: 0.4, max: 1.5 },
  ...fields,
});

export const comparison = (fields: Partial<ComparisonEvent> = {}): ComparisonEvent => ({
  ...common,
  type: 'comparison',
  a: comparedRun(),
  b: comparedRun({ file: 'b.json' }),
  confidence: 0.95,
  eachConfidence: 0.99,
  moved: ['loss'],
  ...fields,
});

export const difference = (fields: Partial<DifferenceEvent> = {}): DifferenceEvent => ({
  ...common,
  type: 'difference',
  part: 1,
  size: null,
  hop: 'same',
  a: comparedHop(2),
  b: comparedHop(2, { lost: 99 }),
  loss: { a: 0, b: 0.099, low: 0.08, high: 0.12 },
  errors: { a: 0, b: 0, low: -0.004, high: 0.004 },
  rttMs: { a: 0.25, b: 0.25, chance: null },
  moved: ['loss'],
  ...fields,
});

export const flowDifference = (fields: Partial<FlowDifferenceEvent> = {}): FlowDifferenceEvent => ({
  ...common,
  type: 'flowDifference',
  part: 1,
  position: 3,
  address: '10.0.3.1',
  size: null,
  field: 'ports',
  value: 40_007,
  loss: { a: 0, b: 0.5, low: 0.4, high: 0.6 },
  moved: ['loss'],
  ...fields,
});

export const linkDifference = (fields: Partial<LinkDifferenceEvent> = {}): LinkDifferenceEvent => ({
  ...common,
  type: 'linkDifference',
  from: '10.0.7.1',
  to: '10.0.7.2',
  fromName: 'r6',
  toName: 'r5',
  link: 'same',
  forward: { a: 0, b: 0, low: -0.001, high: 0.001 },
  backward: { a: 0, b: 0.021, low: 0.015, high: 0.028 },
  both: null,
  leastMs: null,
  medianMs: null,
  moved: ['loss'],
  ...fields,
});

export const factDifference = (fields: Partial<FactDifferenceEvent> = {}): FactDifferenceEvent => ({
  ...common,
  type: 'factDifference',
  part: 1,
  position: 1,
  address: '10.0.1.1',
  fact: 'ttl',
  a: 'pipe',
  b: 'uniform',
  moved: ['fact'],
  ...fields,
});

export const traceRun: readonly Event[] = [
  start(),
  hop(1, { name: 'r1.example' }),
  hop(2, { address: null, rttMs: [null, null, null] }),
  hop(3, { address: '10.0.4.1', rttMs: [0.4, 0.37, 0.36] }),
  { ...common, type: 'name', address: '10.0.4.1', name: 'r4.example' },
  hop(4, { address: '10.255.0.7', name: 'd.example', rttMs: [0.52, 0.49, 0.5], reached: true }),
  end(),
];

/** 99 of 1000 lost at the second hop; the interval is scipy's. */
export const lossy: TallyEvent = tally(2, {
  address: '10.0.4.1',
  received: 901,
  lost: 99,
  loss: 0.099,
  lossLow: 0.08199544136866538,
  lossHigh: 0.11907361893674984,
});

export const probeRun: readonly Event[] = [
  start({ command: 'probe', source: '10.0.1.1', sourceName: 'r1', targetName: 'd' }),
  path('10.0.0.1', '10.0.1.1', '10.0.4.1', '10.255.0.7'),
  tally(2, { address: '10.0.4.1', sent: 1, received: 0, loss: null, lossLow: null, lossHigh: null, rttMs: null }),
  tally(1),
  lossy,
  end({ exit: 1 }),
];

export const locateRun: readonly Event[] = [
  start({ command: 'locate', target: '10.0.0.1', targetName: 'a', discovers: false }),
  plan(),
  link('10.0.0.1', '10.0.0.2', { how: 'there and back', forward: null, backward: null, both: null }),
  link('10.0.0.1', '10.0.0.2', {
    fromName: 'a',
    toName: 'r1',
    how: 'there and back',
    forward: null,
    backward: null,
    both: { state: 'clear', loss: 0, low: 0, high: 0.0004, probes: 11_400 },
  }),
  link('10.0.7.1', '10.0.7.2', {
    fromName: 'r6',
    toName: 'r5',
    backward: { state: 'suspect', loss: 0.021, low: 0.016, high: 0.027, probes: 11_400 },
  }),
  verdict(),
  end({ reached: null, exit: 1 }),
];

const sprayCounts: SprayCounts = {
  sent: 1000,
  received: 990,
  lost: 10,
  unknown: 0,
  duplicate: 0,
  reordered: 2,
  corrupted: 0,
  loss: 0.01,
  lossLow: 0.0054,
  lossHigh: 0.0183,
};
const sprayRtt = { min: 0.18, p50: 0.21, p95: 0.35, p99: 0.4, max: 1.9 } as const;

export const spraying = (fields: Partial<SprayEvent> = {}): SprayEvent => ({
  ...common,
  type: 'spray',
  elapsedMs: 4000,
  rate: 100_000,
  kept: 100_003,
  sent: 349_995,
  received: 349_880,
  loss: 0.0003,
  lossLow: 0.0002,
  lossHigh: 0.0004,
  p50Ms: 0.21,
  p99Ms: 0.4,
  drops: 0,
  draining: false,
  worst: [{ part: 1, position: 3, address: '10.255.0.7', size: null, value: 40_007, sent: 683, received: 571 }],
  ...fields,
});

export const sprayCount = (position: number, fields: Partial<CountEvent> = {}): CountEvent => ({
  ...common,
  type: 'count',
  part: 1,
  position,
  address: `10.0.${position}.1`,
  size: null,
  flows: 512,
  ...sprayCounts,
  rttMs: sprayRtt,
  lossRuns: [{ length: 1, times: 10 }],
  ...fields,
});

export const sprayFlow = (value: number | string, fields: Partial<FlowEvent> = {}): FlowEvent => ({
  ...common,
  type: 'flow',
  part: 1,
  position: 3,
  address: '10.0.3.1',
  size: null,
  field: 'ports',
  value,
  ...sprayCounts,
  rttMs: sprayRtt,
  lossRuns: [{ length: 1, times: 10 }],
  ...fields,
});

export const segment = (fields: Partial<SegmentEvent> = {}): SegmentEvent => ({
  ...common,
  type: 'segment',
  part: 1,
  position: 2,
  from: '10.0.2.1',
  to: '10.0.3.1',
  field: 'ports',
  flows: 512,
  frozen: false,
  failing: [{ value: 40_007, sent: 1000, lost: 990, chance: 1e-200 }],
  again: '--segment 2 --sweep ports --values 40007',
  ...fields,
});

export const sprayed = (fields: Partial<SprayedEvent> = {}): SprayedEvent => ({
  ...common,
  type: 'sprayed',
  sender: 'sendmmsg',
  matcher: 'tc (eth0: tcx)',
  why: ['Not live: eth0 is no veth.'],
  tag: 'full',
  elapsedMs: 13_000,
  rate: 100_000,
  kept: 95_000,
  targets: 1,
  flows: 512,
  ...sprayCounts,
  late: 0,
  foreign: 0,
  drops: 0,
  refused: 0,
  rttMs: sprayRtt,
  lossRuns: [{ length: 1, times: 10 }],
  flowsLeftOut: 0,
  stopped: null,
  ...fields,
});

export const sprayRun: readonly Event[] = [
  start({ command: 'spray', discovers: false }),
  path('10.0.0.1', '10.0.1.1', '10.0.2.1', '10.0.3.1'),
  spraying(),
  sprayCount(2),
  sprayCount(3),
  sprayFlow(40_007, { received: 10, lost: 990, loss: 0.99, lossLow: 0.9817, lossHigh: 0.9946 }),
  sprayFlow(40_008),
  segment(),
  sprayed(),
  end({ exit: 1 }),
];

const fact = { value: true, why: null } as const;

export const scan = (fields: Partial<ScanEvent> = {}): ScanEvent => ({
  ...common,
  type: 'scan',
  position: 1,
  address: '10.0.1.1',
  name: 'r1.example',
  addresses: ['10.0.1.1'],
  decapsulates: [
    { address: '10.0.1.1', nesting: '4in4', ...fact },
    { address: '10.0.1.1', nesting: '6in4', value: false, why: '10.0.1.1 answers ICMP 3/2' },
  ],
  place: fact,
  sources: {
    us: fact,
    second: { value: null, why: 'we have no second address' },
    waypoint: { value: false, why: '0 of 8 came home, and 8 of 8 with us' },
    previous: { value: null, why: 'silent' },
  },
  reversePathCheck: { value: false, why: null },
  ttl: { value: 'pipe', why: null },
  dscp: { value: 'remarked', why: 'everything comes home as 10', remarkedTo: 10 },
  ecn: { value: null, why: 'interrupted' },
  depth: { value: 8, why: '10.0.1.1 answers ICMP 3/2', bound: 'router' },
  size: { value: 1500, why: 'the first link takes 1500 bytes', bound: 'first link' },
  icmpLimit: { value: true, why: null, burst: 6, perSecond: 1 },
  meter: { expired: { sent: 40, heard: 7, low: 0.0875, high: 0.3199 }, steered: null },
  ...fields,
});
