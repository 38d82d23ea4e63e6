/** Localizes loss without a network, from what probes over many paths came to. */
import { byExplanations, smallWalks } from './tallied-explained.ts';
import { byLikelihood, byNetbouncer, type FindingOptions, type Findings, type TalliedMethod } from './tallied-findings.ts';
import { talliedGraph } from './tallied-graph.ts';
import { groupsOf } from './tallied-groups.ts';
import type { TalliedPaths } from './tallied-paths.ts';
import { type TalliedLink, talliedLinks, talliedVerdict } from './tallied-verdict.ts';
import type { Verdict } from './verdict.ts';

export interface TalliedOptions extends FindingOptions {
  /** A link loses the same both ways. */
  readonly undirected: boolean;
  /** `likelihood`: of small networks every explanation that fits, of large ones one joint fit. */
  readonly method: 'likelihood' | 'netbouncer';
}

export interface Tallied {
  readonly method: TalliedMethod;
  readonly links: readonly TalliedLink[];
  readonly verdict: Verdict;
  readonly size: { readonly paths: number; readonly nodes: number; readonly links: number };
  readonly goodRate: number | null;
  readonly overdispersion: number | null;
}

/** Throws RangeError for a threshold or a confidence outside 0–1. */
export function locateTallied(paths: TalliedPaths, options: TalliedOptions): Tallied {
  const graph = talliedGraph(paths, options.undirected);
  const size = { paths: paths.sent.length, nodes: paths.nodes.length, links: graph.links.length };
  const odd = { first: paths.odd, all: paths.odds };
  if (size.paths === 0) {
    const none = { links: [], why: 'no path has counts', wouldSettle: 'paths with probes' };
    const { unknown } = talliedVerdict(graph, NOTHING, odd);
    return { ...NOTHING, links: [], verdict: { kind: 'unknown', suspects: [], unknown: [none, ...unknown] }, size };
  }
  const findings = findingsOf();
  const { method, goodRate, overdispersion } = findings;
  return {
    method,
    goodRate,
    overdispersion,
    size,
    links: talliedLinks(graph, findings),
    verdict: talliedVerdict(graph, findings, odd),
  };

  function findingsOf(): Findings {
    if (options.method === 'netbouncer') return byNetbouncer(graph, options);
    const groups = groupsOf(graph.tallies);
    const walks = smallWalks(groups);
    return walks === null ? byLikelihood(groups, options) : byExplanations(graph, groups, walks, options);
  }
}

const NOTHING: Findings = {
  method: 'explanations',
  groups: [],
  faults: [],
  open: [],
  estimates: new Map(),
  goodRate: null,
  overdispersion: null,
};
