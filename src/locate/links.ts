/** Every link of a graph, and what is known of its loss: of each direction, or of both together where no walk tells them apart. */
import type { Diagnosis, Judgement } from '../infer/explain.ts';
import type { Address } from '../wire/address.ts';
import type { Graph, GraphPart } from './graph.ts';
import type { Model } from './model.ts';
import { LEAST_FIT, probesOf } from './verdict.ts';

/** `suspect`: it loses more than the threshold; `behind`: a dead link hides it; `undecided`: too little is known. */
export type LossState = 'clear' | 'suspect' | 'undecided' | 'behind' | 'not probed';

export interface LossEstimate {
  readonly state: LossState;
  /** Of one crossing, or of one there and back; null where nothing is known. */
  readonly loss: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly probes: number;
}

export interface LinkLoss {
  readonly from: Address;
  readonly to: Address;
  readonly nodes: readonly [from: number, to: number];
  readonly is: 'link' | 'routers';
  /** By which walks its directions are told: `circuits` that cross it one way alone, or only those there and back; null where none crosses it. */
  readonly how: 'circuits' | 'there and back' | null;
  readonly forward: LossEstimate | null;
  readonly backward: LossEstimate | null;
  readonly both: LossEstimate | null;
}

const NOT_PROBED: LossEstimate = { state: 'not probed', loss: null, low: null, high: null, probes: 0 };

/** Before the first probe there is no diagnosis. Of links that only legs past a router take, those that a suspect is made of alone. */
export function linkLosses({ legs, parts = [] }: Graph, { suspects }: Model, diagnosis: Diagnosis | null): LinkLoss[] {
  const legOf = new Map<number, number>();
  const partOf = new Map<number, number>();
  for (const [at, members] of suspects.entries()) {
    const isLeg = members.some(({ kind }) => kind === 'leg');
    for (const one of members) {
      if (one.kind === 'leg') legOf.set(one.leg, at);
      if (one.kind === 'part' && !isLeg) partOf.set(one.part, at);
    }
  }
  const ofLegs = legs.flatMap((leg, at) => lossOver(leg, at, leg.is, legOf, diagnosis));
  const known = parts.flatMap((part, at) => (partOf.has(at) ? lossOver(part, at, 'link', partOf, diagnosis) : []));
  return [...ofLegs, ...known];
}

/** None where its other direction comes first. */
function lossOver(
  { from, to, ends, opposite }: GraphPart,
  at: number,
  is: LinkLoss['is'],
  suspectOf: ReadonlyMap<number, number>,
  diagnosis: Diagnosis | null,
): LinkLoss[] {
  if (opposite !== null && opposite < at) return [];
  const estimate = (suspect: number | undefined): LossEstimate => (suspect === undefined ? NOT_PROBED : estimateOf(diagnosis, suspect));
  const out = suspectOf.get(at);
  const back = opposite === null ? undefined : suspectOf.get(opposite);
  const named = { from: ends[0], to: ends[1], nodes: [from, to] as const, is };
  if (out === undefined && back === undefined) return [{ ...named, how: null, forward: null, backward: null, both: NOT_PROBED }];
  if (out === back) return [{ ...named, how: 'there and back', forward: null, backward: null, both: estimate(out) }];
  return [{ ...named, how: 'circuits', forward: estimate(out), backward: estimate(back), both: null }];
}

const STATES: Readonly<Record<Judgement['kind'], LossState>> = {
  clear: 'clear',
  suspect: 'suspect',
  undecided: 'undecided',
  behind: 'behind',
  uncovered: 'not probed',
};

function estimateOf(diagnosis: Diagnosis | null, component: number): LossEstimate {
  const judgement = diagnosis?.judgements[component];
  if (diagnosis === null || judgement === undefined) return NOT_PROBED;
  const probes = probesOf(judgement);
  if (judgement.kind === 'behind' || judgement.kind === 'uncovered' || probes === 0) {
    return { ...NOT_PROBED, state: judgement.kind === 'behind' ? 'behind' : 'not probed', probes };
  }
  const isSure = judgement.kind !== 'suspect' || (judgement.certain && diagnosis.fit >= LEAST_FIT);
  const fault = diagnosis.explanations[0]?.faults.find((one) => one.component === component);
  const loss = fault?.loss ?? Math.min(judgement.high, Math.max(judgement.low, 0));
  return { state: isSure ? STATES[judgement.kind] : 'undecided', loss, low: judgement.low, high: judgement.high, probes };
}
