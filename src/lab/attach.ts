/** A lab that is up, as a value. */
import { BeaconError } from '../error.ts';
import { nodeNamed } from '../topology/lookup.ts';
import type { Topology } from '../topology/topology.ts';
import { setBehaviour } from './behave.ts';
import { readCounters } from './counters.ts';
import { down, noSuchLab, tracedLabs } from './down.ts';
import { execute, startHere } from './exec.ts';
import { setFault } from './faults.ts';
import type { Lab } from './lab.ts';
import { locked } from './lock.ts';
import { namespaceName } from './places.ts';
import { requirePrivilege } from './privilege.ts';
import { readState } from './state.ts';

/** The lab of a name that some process has raised. Throws BeaconError ERR_USAGE where none is up. */
export function attach(name: string): Lab {
  requirePrivilege();
  const state = readState(name);
  if (state?.phase === 'up') return labOf(state.topology);
  throw new BeaconError('ERR_USAGE', noSuchLab(name, tracedLabs()));
}

export function labOf(topology: Topology): Lab {
  const { name } = topology;
  const namespaceOf = (node: string): string => namespaceName(name, known(topology, node));
  const takeDown = async (): Promise<void> => {
    if (tracedLabs().includes(name)) await down(name);
  };
  return {
    name,
    topology,
    namespaceOf,
    exec: async (node, argv, options) => execute(namespaceOf(node), argv, options),
    start: (node, argv) => startHere(namespaceOf(node), argv),
    fault: (link, from, fault) => locked(name, () => setFault(topology, link, from, fault)),
    behave: (node, behaviour) => locked(name, () => setBehaviour(topology, node, behaviour)),
    counters: () => readCounters(topology),
    down: takeDown,
    [Symbol.asyncDispose]: takeDown,
  };
}

function known(topology: Topology, node: string): string {
  const found = nodeNamed(topology, node);
  if (found) return found.name;
  throw new BeaconError(
    'ERR_USAGE',
    `${topology.name} has no node ${node}: take one of ${topology.nodes.map(({ name }) => name).join(', ')}`,
  );
}
