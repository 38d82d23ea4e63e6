/** What an inference over recorded paths comes to, by group of alike components, and how each method gets there. */
import { lossAlone } from '../infer/alone.ts';
import { netbouncer } from '../infer/netbouncer.ts';
import { componentAt, type PathTallies } from '../infer/path-tallies.ts';
import { localize, type Suspect, type Undecided } from '../infer/tomography.ts';
import type { LossEstimate } from './links.ts';
import type { TalliedGraph } from './tallied-graph.ts';
import type { Groups } from './tallied-groups.ts';

/** `explanations`: all that fit, in a small network; `likelihood`: one joint fit; `netbouncer`: as published. */
export type TalliedMethod = 'explanations' | 'likelihood' | 'netbouncer';

export interface FoundFault {
  readonly group: number;
  readonly loss: number;
  readonly low: number;
  readonly high: number;
  readonly probes: number;
}

export interface OpenPart {
  readonly groups: readonly number[];
  readonly why: string;
  readonly wouldSettle: string;
}

export interface Findings {
  readonly method: TalliedMethod;
  readonly groups: Groups['members'];
  readonly faults: readonly FoundFault[];
  readonly open: readonly OpenPart[];
  /** Of what is shown as a row. */
  readonly estimates: ReadonlyMap<number, LossEstimate>;
  /** What a good link loses; null where the method does not ask. */
  readonly goodRate: number | null;
  readonly overdispersion: number | null;
}

export interface FindingOptions {
  /** A link that loses more is bad, 0–1. */
  readonly threshold: number;
  readonly confidence: number;
}

/** One fit for all, however many there are. */
export function byLikelihood({ members, tallies }: Groups, { threshold, confidence }: FindingOptions): Findings {
  const found = localize(tallies, { goodRateAtMost: Math.min(1e-3, threshold), confidence });
  const suspects = found.suspects.map((one) => ({ ...one, group: numberOf(tallies, one), probes: one.sent }));
  const faults = suspects.filter(({ low }) => low > threshold);
  const unsure = suspects.filter(({ low }) => low <= threshold).map(({ group }) => group);
  const left = found.undecided.map(({ components, why }) => ({ groups: components.map((one) => numberOf(tallies, one)), ...WHY[why] }));
  const named = new Set([...suspects.map(({ group }) => group), ...left.flatMap(({ groups }) => groups)]);
  const few = crossedTooRarely(tallies, threshold, confidence).filter((group) => !named.has(group));
  const open = [
    ...left,
    { groups: unsure, why: 'they lose more than others, though perhaps no more than the threshold', wouldSettle: 'more probes' },
    { groups: few, why: 'too few probes to tell their loss from the threshold', wouldSettle: 'more probes' },
  ].filter(({ groups }) => groups.length > 0);
  const estimates = new Map(suspects.map((one): [number, LossEstimate] => [one.group, estimateOf(one, one.low > threshold)]));
  const { goodRate, overdispersion } = found;
  return { method: 'likelihood', groups: members, faults, open, estimates, goodRate, overdispersion };
}

const numberOf = ({ links }: PathTallies, { kind, index }: Pick<Suspect, 'kind' | 'index'>): number =>
  kind === 'link' ? index : links + index;

const estimateOf = ({ loss, low, high, probes }: Omit<FoundFault, 'group'>, isSure: boolean): LossEstimate => ({
  state: isSure ? 'suspect' : 'undecided',
  loss,
  low,
  high,
  probes,
});

const WHY: Readonly<Record<Undecided['why'], Omit<OpenPart, 'groups'>>> = {
  'same-probes': { why: 'one of these loses, and these paths do not tell which', wouldSettle: 'paths that cross one of them alone' },
  faint: { why: 'likelier to lose than not, but not by enough', wouldSettle: 'more probes' },
  behind: { why: 'behind what loses all: nothing came as far', wouldSettle: 'paths to them by another way' },
  'not-crossed': { why: 'no probe crossed them', wouldSettle: 'paths over them' },
};

/** Where even no loss at all would leave a loss above the threshold possible. */
function crossedTooRarely({ links, devices, start, crossings, sent, lost }: PathTallies, threshold: number, confidence: number): number[] {
  const arrived = new Float64Array(links + devices);
  for (let path = 0; path < sent.length; path += 1) {
    for (let at = start[path]!; at < start[path + 1]!; at += 1) arrived[crossings[at]!]! += sent[path]! - lost[path]!;
  }
  const least = Math.log(1 - confidence) / Math.log1p(-threshold);
  return [...arrived.keys()].filter((group) => arrived[group]! < least);
}

/** As published: it blames without intervals, so that each is given what it loses where all else loses as was found. */
export function byNetbouncer({ tallies }: TalliedGraph, { threshold, confidence }: FindingOptions): Findings {
  const { success, links, devices } = netbouncer(tallies, { threshold: 1 - threshold });
  const blamed = [...links, ...devices.map((device) => tallies.links + device)];
  const crossed = crossingsOf(tallies, success, blamed);
  const faults = blamed.map((group) => {
    const paths = crossed.get(group)!;
    return { group, ...lossAlone(paths, confidence), probes: paths.reduce((sum, { sent }) => sum + sent, 0) };
  });
  return {
    method: 'netbouncer',
    groups: Array.from({ length: tallies.links + tallies.devices }, (_, component) => [component]),
    faults,
    open: [],
    estimates: new Map(faults.map((one) => [one.group, estimateOf(one, true)])),
    goodRate: null,
    overdispersion: null,
  };
}

type Crossed = Map<number, { others: number; sent: number; lost: number }[]>;

function crossingsOf(tallies: PathTallies, success: Float64Array, wanted: readonly number[]): Crossed {
  const { start, crossings, sent, lost } = tallies;
  const found: Crossed = new Map(wanted.map((component) => [component, []]));
  const survival = (component: number): number => (componentAt(tallies, component).kind === 'link' ? success[component]! : 1);
  for (let path = 0; path < sent.length; path += 1) {
    const crossed = crossings.subarray(start[path]!, start[path + 1]!);
    for (const component of new Set(crossed)) {
      const others = crossed.reduce((product, other) => (other === component ? product : product * survival(other)), 1);
      found.get(component)?.push({ others, sent: sent[path]!, lost: lost[path]! });
    }
  }
  return found;
}
