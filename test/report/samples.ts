/** Events to report: the runs that the issue shows, and one of each type. */
import type {
  ComparedHop,
  ComparedRun,
  ComparisonEvent,
  DifferenceEvent,
  EndEvent,
  Event,
  FlowsEvent,
  HopEvent,
  LinkEvent,
  PathEvent,
  PlanEvent,
  ProblemEvent,
  SplitEvent,
  StartEvent,
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

export const plan = (fields: Partial<PlanEvent> = {}): PlanEvent => ({
  ...common,
  type: 'plan',
  walks: 15,
  links: 9,
  directed: 7,
  rank: 15,
  coverage: 1,
  identifiability: 1,
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
  hop: 'same',
  a: comparedHop(2),
  b: comparedHop(2, { lost: 99 }),
  loss: { a: 0, b: 0.099, low: 0.08, high: 0.12 },
  errors: { a: 0, b: 0, low: -0.004, high: 0.004 },
  rttMs: { a: 0.25, b: 0.25, chance: null },
  moved: ['loss'],
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
