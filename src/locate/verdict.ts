/** From a diagnosis to what a user is told: which links or routers lose packets, in which direction, and what cannot be known from here. */
import type { Diagnosis, Explanation, Fault, Judgement } from '../infer/explain.ts';
import type { PathFlow } from '../trace/mda-flow.ts';
import type { Address } from '../wire/address.ts';
import { alike } from './alike.ts';
import { type Graph, type GraphLeg, VANTAGE } from './graph.ts';
import type { Model, Suspect } from './model.ts';
import { nameOf, textOf } from './name.ts';

export type VerdictKind = 'clear' | 'suspect' | 'unknown';

/** `from-to`: that direction alone. `both`: each of the two. `not-identifiable`: one of them or both, and no walk tells which. */
export type Direction = 'from-to' | 'both' | 'not-identifiable';

/** Losses are of one crossing, 0–1, with an interval; of a direction that is not identifiable, of one there and back. */
export interface LinkSuspect {
  readonly from: Address;
  readonly to: Address;
  readonly direction: Direction;
  readonly loss: number;
  readonly low: number;
  readonly high: number;
  readonly probes: number;
  /** A flow of plain traffic that takes this link, where other flows take others of equal cost. */
  readonly flow?: PathFlow;
}

export interface DeviceSuspect {
  readonly device: Address;
  readonly loss: number;
  readonly low: number;
  readonly high: number;
}

/** `to` null: a router alone. */
export interface UnknownLink {
  readonly from: Address;
  readonly to: Address | null;
  /** Of its ends, where they are known. */
  readonly fromName?: string;
  readonly toName?: string;
}

export interface UnknownPart {
  readonly links: readonly UnknownLink[];
  readonly why: string;
  /** The cheapest thing that would decide it. */
  readonly wouldSettle: string;
  /** A flow of plain traffic that meets it, where others do not. */
  readonly flow?: PathFlow;
}

export interface Verdict {
  readonly kind: VerdictKind;
  readonly suspects: readonly (LinkSuspect | DeviceSuspect)[];
  readonly unknown: readonly UnknownPart[];
}

/** Counts that are further from every explanation than chance makes them once in so many runs explain nothing. */
export const LEAST_FIT = 1e-6;

/**
 * `hidden`: of each suspect how many probes it would take to see its loss beside that of others, 0 where nothing hides it. `others`: what
 * is not known for a reason that the counts do not tell.
 */
export function verdictOf(
  graph: Graph,
  model: Model,
  diagnosis: Diagnosis,
  hidden: readonly number[],
  others: readonly UnknownPart[],
): Verdict {
  const contradicts = diagnosis.fit < LEAST_FIT;
  const named = contradicts ? [] : certainFaults(diagnosis);
  const suspects = joined(
    graph,
    named.map((fault) => suspectOf(graph, model.suspects[fault.component]!, fault, probesOf(diagnosis.judgements[fault.component]))),
  );
  const unknown = [
    ...(contradicts ? [contradiction(graph, model, diagnosis)] : [...several(graph, model, diagnosis), ...look(graph, model, diagnosis)]),
    ...undecided(graph, model, diagnosis, hidden),
    ...behind(graph, model, diagnosis),
    ...others,
  ];
  const kind = suspects.length > 0 ? 'suspect' : unknown.length > 0 ? 'unknown' : 'clear';
  return { kind, suspects, unknown };
}

/** Those of the simplest explanation that stand in every other too. */
function certainFaults({ explanations, judgements }: Diagnosis): readonly Fault[] {
  return (explanations[0]?.faults ?? []).filter(({ component }) => {
    const judgement = judgements[component]!;
    return judgement.kind === 'suspect' && judgement.certain;
  });
}

export const probesOf = (judgement: Judgement | undefined): number =>
  judgement === undefined || judgement.kind === 'uncovered' ? 0 : judgement.probes;

function suspectOf(graph: Graph, suspect: Suspect, { loss, low, high }: Fault, probes: number): LinkSuspect | DeviceSuspect {
  const name = nameOf(graph, suspect);
  if (name.kind === 'device') return { device: name.address, loss, low, high };
  const flow = suspect.flatMap((one) => (one.kind === 'leg' ? (graph.legs[one.leg]!.flow ?? []) : []))[0];
  const direction = name.kind === 'direction' ? 'from-to' : 'not-identifiable';
  return { from: name.from, to: name.to, direction, loss, low, high, probes, ...(flow !== undefined && { flow }) };
}

/** Two directions of one link that may well lose the same are told as one. */
function joined(graph: Graph, suspects: readonly (LinkSuspect | DeviceSuspect)[]): (LinkSuspect | DeviceSuspect)[] {
  const done = new Set<LinkSuspect | DeviceSuspect>();
  return suspects.flatMap((one) => {
    if (done.has(one)) return [];
    const other = 'device' in one ? undefined : suspects.find((two) => isOpposite(graph, one, two) && isOverlapping(one, two));
    if (other === undefined || 'device' in one || 'device' in other) return [one];
    done.add(other);
    const [low, high] = [Math.min(one.low, other.low), Math.max(one.high, other.high)];
    return [
      { ...one, direction: 'both' as const, loss: (one.loss + other.loss) / 2, low, high, probes: Math.min(one.probes, other.probes) },
    ];
  });
}

const isOpposite = ({ legs }: Graph, one: LinkSuspect, two: LinkSuspect | DeviceSuspect): boolean =>
  !('device' in two) &&
  one.direction === 'from-to' &&
  two.direction === 'from-to' &&
  legs.some(({ ends, opposite }) => opposite !== null && isEnds(ends, one) && isEnds(legs[opposite]!.ends, two));

const isEnds = (ends: GraphLeg['ends'], { from, to }: LinkSuspect): boolean => ends[0] === from && ends[1] === to;

export const isOverlapping = (one: { low: number; high: number }, two: { low: number; high: number }): boolean =>
  one.low <= two.high && two.low <= one.high;

/** Where more than one explanation of the simplest kind fits. */
function several(graph: Graph, model: Model, diagnosis: Diagnosis): UnknownPart[] {
  const { explanations, judgements } = diagnosis;
  if (explanations.length < 2) return [];
  const differing = explanations.map(({ faults }) => faults.filter(({ component }) => !isCertain(judgements[component]!)));
  const all = [...new Set(differing.flat().map(({ component }) => component))];
  if (all.length === 0) return [];
  const texts = differing.map((faults) => faultsText(graph, model, { faults }));
  const why = `${explanations.length} explanations fit: ${texts.join('; or ')}`;
  return [{ links: linksOf(graph, model, all), why, wouldSettle: settling(graph) }];
}

const isCertain = (judgement: Judgement): boolean => judgement.kind === 'suspect' && judgement.certain;

/** Larger explanations that no number of probes over these walks rules out. */
function look(graph: Graph, model: Model, { larger }: Diagnosis): UnknownPart[] {
  return larger.map((explanation) => ({
    links: linksOf(
      graph,
      model,
      explanation.faults.map(({ component }) => component),
    ),
    why: `no walk rules out, though it takes more faults: ${faultsText(graph, model, explanation)}`,
    wouldSettle: settling(graph),
  }));
}

function undecided(graph: Graph, model: Model, diagnosis: Diagnosis, hidden: readonly number[]): UnknownPart[] {
  const { judgements, explanations } = diagnosis;
  const told = new Set(explanations.length > 1 ? explanations.flatMap(({ faults }) => faults.map(({ component }) => component)) : []);
  const open = judgements.filter((one) => one.kind === 'undecided' || (one.kind === 'suspect' && !one.certain));
  const all = open.map(({ component }) => component).filter((component) => !told.has(component));
  const blurred = all.filter((component) => hidden[component]! > 0);
  const faults = textOfFaults(graph, model, explanations[0]?.faults ?? []);
  const probes = Math.max(0, ...blurred.map((component) => hidden[component]!));
  const parts = [
    {
      links: linksOf(graph, model, blurred),
      why: `what ${faults} loses hides how much they lose`,
      wouldSettle: `${faults} mended, or about ${probes} probes (--budget)`,
    },
    {
      links: linksOf(
        graph,
        model,
        all.filter((component) => !blurred.includes(component)),
      ),
      why: 'too few probes to tell their loss from the threshold',
      wouldSettle: 'more probes (--budget)',
    },
  ];
  return parts.filter(({ links }) => links.length > 0);
}

const textOfFaults = (graph: Graph, model: Model, faults: readonly Fault[]): string =>
  faults.map(({ component }) => textOf(graph, nameOf(graph, model.suspects[component]!))).join(' and ');

function behind(graph: Graph, model: Model, { judgements }: Diagnosis): UnknownPart[] {
  const groups = new Map<string, number[]>();
  for (const one of judgements) {
    if (one.kind !== 'behind') continue;
    const dead = one.dead.map((component) => textOf(graph, nameOf(graph, model.suspects[component]!))).join(' and ');
    groups.set(dead, [...(groups.get(dead) ?? []), one.component]);
  }
  return [...groups].flatMap(([dead, components]) => {
    const links = linksOf(graph, model, components);
    return links.length === 0
      ? []
      : [{ links, why: `behind ${dead}, which loses all`, wouldSettle: `${dead} mended, or a vantage behind it` }];
  });
}

function contradiction(graph: Graph, model: Model, { explanations }: Diagnosis): UnknownPart {
  const components = [...new Set(explanations.flatMap(({ faults }) => faults.map(({ component }) => component)))];
  return {
    links: linksOf(graph, model, components),
    why: 'the counts contradict one another: a path changed meanwhile, or only some flows are lost',
    wouldSettle: 'another run, once the paths stand still',
  };
}

export function faultsText(graph: Graph, model: Model, { faults }: Pick<Explanation, 'faults'>): string {
  if (faults.length === 0) return 'no fault';
  return faults
    .map(({ component, loss, low, high }) => `${textOf(graph, nameOf(graph, model.suspects[component]!))} ${percents(loss, low, high)}`)
    .join(' and ');
}

export const percents = (loss: number, low: number, high: number): string => `${percent(loss)} % (${percent(low)}–${percent(high)})`;
const percent = (share: number): string => `${Number((share * 100).toPrecision(2))}`;

/** Of links, not of routers: a router stands for itself only where nothing else does. */
function linksOf(graph: Graph, model: Model, components: readonly number[]): UnknownPart['links'] {
  const names = components.map((component) => nameOf(graph, model.suspects[component]!));
  const links = names.flatMap((name) => (name.kind === 'device' ? [] : [{ from: name.from, to: name.to }]));
  const devices = names.flatMap((name) => (name.kind === 'device' ? [{ from: name.address, to: null }] : []));
  return alike([...links, ...(links.length === 0 ? devices : [])]);
}

const settling = ({ nodes }: Graph): string => `a vantage elsewhere than ${nodes[VANTAGE]!.address}, or the routers' own counters`;
