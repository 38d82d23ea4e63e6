/** Which labs this machine has. */
import type { Profile } from '../topology/topology.ts';
import { tracedLabs } from './down.ts';
import { readState } from './state.ts';

export interface Listed {
  readonly name: string;
  /** `broken`: half raised, or only traces of it; `down` removes them. */
  readonly phase: 'up' | 'broken';
  /** Null where nothing tells. */
  readonly profile: Profile | null;
  readonly nodes: readonly string[];
  readonly links: number;
  /** ISO 8601. */
  readonly since: string | null;
  /** The process that raised it; it may have ended. */
  readonly pid: number | null;
}

/** In alphabetical order. Needs no privilege. */
export const list = (): Listed[] => tracedLabs().map(listed);

function listed(name: string): Listed {
  const state = readState(name);
  if (!state) return { name, phase: 'broken', profile: null, nodes: [], links: 0, since: null, pid: null };
  const { phase, pid, since, topology } = state;
  const nodes = topology.nodes.map((node) => node.name);
  return { name, phase: phase === 'up' ? 'up' : 'broken', profile: topology.profile, nodes, links: topology.links.length, since, pid };
}
