/** Which labs this machine has. */
import type { Profile } from '../topology/topology.ts';
import { tracedLabs } from './down.ts';
import { isAlive } from './processes.ts';
import { isRelaying } from './relay.ts';
import { readState } from './state.ts';

export interface Listed {
  readonly name: string;
  /** `rising`: by a process that lives. `broken`: half raised, or only traces of it; `down` removes them. */
  readonly phase: 'up' | 'rising' | 'broken';
  /** Null where nothing tells. */
  readonly profile: Profile | null;
  readonly nodes: readonly string[];
  readonly links: number;
  /** Those that carry nothing, since the process that delayed their packets has ended. */
  readonly dead: readonly string[];
  /** ISO 8601. */
  readonly since: string | null;
  /** The process that raised it; it may have ended. */
  readonly pid: number | null;
}

/** In alphabetical order. Needs no privilege. */
export const list = (): Listed[] => tracedLabs().map(listed);

function listed(name: string): Listed {
  const state = readState(name);
  if (!state) return { name, phase: 'broken', profile: null, nodes: [], links: 0, dead: [], since: null, pid: null };
  const { phase, pid, since, relays, topology } = state;
  const nodes = topology.nodes.map((node) => node.name);
  const dead = topology.links.filter((link) => relays[link.id] !== undefined && !isRelaying(name, link, relays[link.id]!));
  return {
    name,
    phase: phase === 'rising' && !isAlive(pid) ? 'broken' : phase,
    profile: topology.profile,
    nodes,
    links: topology.links.length,
    dead: dead.map(({ id }) => id),
    since,
    pid,
  };
}
