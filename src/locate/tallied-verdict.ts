/** From findings over recorded paths to what a user is told: the verdict, and the links worth a row. */
import type { LossEstimate } from './links.ts';
import type { Findings, FoundFault, OpenPart } from './tallied-findings.ts';
import type { TalliedGraph } from './tallied-graph.ts';
import { type TalliedName, talliedName, talliedText } from './tallied-name.ts';
import type { OddPath } from './tallied-paths.ts';
import { type DeviceSuspect, isOverlapping, type LinkSuspect, percents, type UnknownPart, type Verdict } from './verdict.ts';

/** A link, or a stretch of links that no path tells apart; each way, or both together. */
export interface TalliedLink {
  readonly from: string;
  readonly to: string;
  readonly is: 'link' | 'routers';
  readonly how: 'paths' | 'there and back';
  readonly forward: LossEstimate | null;
  readonly backward: LossEstimate | null;
  readonly both: LossEstimate | null;
}

/** So many links are listed with one reason; the reason counts the rest. */
const MOST_LISTED = 24;

export function talliedVerdict(
  graph: TalliedGraph,
  findings: Findings,
  odd: { readonly first: readonly OddPath[]; readonly all: number },
): Verdict {
  const nameOf = (group: number): TalliedName => talliedName(graph, findings.groups[group]!);
  const named = findings.faults.map((fault) => ({ fault, name: nameOf(fault.group) }));
  const suspects = joined(named.flatMap(({ fault, name }) => suspectOf(fault, name)));
  const unknown = [
    ...named.flatMap(({ fault, name }) => alike(fault, name)),
    ...findings.open.map((part) => opened(part, nameOf)),
    ...oddParts(graph, odd.first, odd.all),
  ];
  return { kind: suspects.length > 0 ? 'suspect' : unknown.length > 0 ? 'unknown' : 'clear', suspects, unknown };
}

function suspectOf({ loss, low, high, probes }: FoundFault, name: TalliedName): (LinkSuspect | DeviceSuspect)[] {
  if (name.kind === 'several') return [];
  if (name.kind === 'device') return [{ device: name.device, loss, low, high }];
  return [{ from: name.from, to: name.to, direction: name.direction, loss, low, high, probes }];
}

/** Two directions of one link that may well lose the same are told as one. */
function joined(suspects: readonly (LinkSuspect | DeviceSuspect)[]): (LinkSuspect | DeviceSuspect)[] {
  const left = new Map<string, LinkSuspect>();
  const told: (LinkSuspect | DeviceSuspect)[] = [];
  for (const one of suspects) {
    const other = 'device' in one || one.direction !== 'from-to' ? undefined : left.get(`${one.to} ${one.from}`);
    if ('device' in one || other === undefined || !isOverlapping(one, other)) {
      told.push(one);
      if (!('device' in one) && one.direction === 'from-to') left.set(`${one.from} ${one.to}`, one);
      continue;
    }
    const [low, high] = [Math.min(one.low, other.low), Math.max(one.high, other.high)];
    const probes = Math.min(one.probes, other.probes);
    told[told.indexOf(other)] = { ...other, direction: 'both', loss: (one.loss + other.loss) / 2, low, high, probes };
  }
  return told;
}

/** Where what loses is known but for its name. */
function alike({ loss, low, high }: FoundFault, name: TalliedName): UnknownPart[] {
  const wouldSettle = 'paths that cross one of them alone';
  if (name.kind === 'several') {
    const why = `one of these loses ${percents(loss, low, high)}, and these paths do not tell which: ${talliedText(name)}`;
    return [{ links: linksIn(name), why, wouldSettle }];
  }
  if (name.kind === 'device' || name.or.length === 0) return [];
  const routers = name.or.map((device) => ({ from: device, to: null }));
  return [
    {
      links: routers,
      why: `whatever crosses ${talliedText(name)} crosses ${routers.length === 1 ? 'it too: it' : 'these too: they'} may be what loses instead`,
      wouldSettle,
    },
  ];
}

const linksIn = (name: TalliedName): { readonly from: string; readonly to: string | null }[] => {
  if (name.kind === 'device') return [{ from: name.device, to: null }];
  if (name.kind === 'link') return [{ from: name.from, to: name.to }];
  return [...name.links.map(([from, to]) => ({ from, to })), ...name.devices.map((device) => ({ from: device, to: null }))];
};

function opened({ groups, why, wouldSettle }: OpenPart, nameOf: (group: number) => TalliedName): UnknownPart {
  const names = groups.slice(0, MOST_LISTED).map(nameOf);
  const links = names.filter(({ kind }) => kind !== 'device').flatMap(linksIn);
  const rest = groups.length - names.length;
  // a router stands for itself only where nothing else does
  return { links: links.length > 0 ? links : names.flatMap(linksIn), why: rest > 0 ? `${why} (and ${rest} more)` : why, wouldSettle };
}

/** With those of its links that no other path crosses. */
function oddParts({ nodes, links, undirected }: TalliedGraph, odd: readonly OddPath[], all: number): UnknownPart[] {
  const counted = new Set(
    links.flatMap(([from, to]) =>
      undirected ? [`${nodes[from]} ${nodes[to]}`, `${nodes[to]} ${nodes[from]}`] : [`${nodes[from]} ${nodes[to]}`],
    ),
  );
  const parts = odd.map(({ line, path, why, wouldSettle }) => ({
    links: path.slice(1).flatMap((to, at) => (counted.has(`${path[at]} ${to}`) ? [] : [{ from: path[at]!, to }])),
    why: `line ${line} is not counted: ${why}`,
    wouldSettle,
  }));
  if (all === odd.length) return parts;
  return [...parts, { links: [], why: `${all - odd.length} more lines are not counted`, wouldSettle: 'what would settle those before' }];
}

/** Those of which the findings tell an estimate. */
export function talliedLinks(graph: TalliedGraph, { groups, estimates }: Findings): TalliedLink[] {
  const rows = new Map<string, TalliedLink>();
  for (const [group, estimate] of estimates) {
    const name = talliedName(graph, groups[group]!);
    if (name.kind === 'device') continue;
    const pairs = name.kind === 'link' ? [[name.from, name.to] as const] : name.links;
    for (const [from, to] of pairs) {
      const is = name.kind === 'link' ? name.is : 'link';
      const known = rows.get(`${to} ${from}`);
      if (name.kind === 'link' && name.direction === 'not-identifiable') {
        rows.set(`${from} ${to}`, { from, to, is, how: 'there and back', forward: null, backward: null, both: estimate });
      } else if (known !== undefined && known.both === null && known.is === is) rows.set(`${to} ${from}`, { ...known, backward: estimate });
      else {
        const backward = graph.undirected ? estimate : null;
        rows.set(`${from} ${to}`, { from, to, is, how: 'paths', forward: estimate, backward, both: null });
      }
    }
  }
  return [...rows.values()];
}
