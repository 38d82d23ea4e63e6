/** Raises a lab: a topology as network namespaces whose kernels forward, decapsulate and fail as told. */
import { availableParallelism } from 'node:os';
import { BeaconError } from '../error.ts';
import { endsOf } from '../topology/lookup.ts';
import type { Topology, TopologyNode } from '../topology/topology.ts';
import { labOf } from './attach.ts';
import { eachOf, inside, requireTools, run, type Step } from './command.ts';
import { remove, tracedLabs } from './down.ts';
import { writeHosts } from './hosts.ts';
import type { Lab } from './lab.ts';
import { locked } from './lock.ts';
import { decapBatch, loadPrograms } from './pins.ts';
import { labOfNamespace, namespaceName } from './places.ts';
import { requirePrivilege } from './privilege.ts';
import { sysctlScript, sysctlsOf } from './profile.ts';
import { rulesOf } from './rules.ts';
import { slowDown } from './slow.ts';
import { readState, writeState } from './state.ts';
import { linksBatch, namespacesBatch, nodeBatch } from './wiring.ts';

/**
 * Resolves once every node forwards. What a killed `up` of the same name left is cleared away first; what a failing one made, it
 * takes down. Throws RangeError for names that no topology file can hold, BeaconError ERR_PRIVILEGE without root, ERR_LAB where the lab is up already, a tool is missing or the kernel
 * refuses.
 */
export async function up(topology: Topology): Promise<Lab> {
  checkNames(topology);
  requirePrivilege();
  const ruled = topology.nodes.some((node) => rulesOf(node, node.behaviour) !== '');
  requireTools(['ip', 'tc', 'nsenter', 'mount', 'bpftool', ...(ruled ? (['nft'] as const) : [])]);
  const { name } = topology;
  await locked(name, async () => {
    await clearAway(name);
    await raise(topology).catch(async (error: unknown) => {
      await remove(name);
      throw error;
    });
  });
  return labOf(topology);
}

/** Names become paths that `down` removes whole. */
function checkNames({ name, nodes }: Topology): void {
  const odd = nodes.find((node) => labOfNamespace(namespaceName(name, node.name)) !== name);
  if (odd) throw new RangeError(`Lab and node names are small letters, digits and _ (16 and 12 at most), got ${name} and ${odd.name}`);
}

async function clearAway(name: string): Promise<void> {
  const state = readState(name);
  if (state?.phase === 'up')
    throw new BeaconError(
      'ERR_LAB',
      `Lab ${name} is up since ${state.since} (process ${state.pid}): take it down first (braceroute lab down ${name}), or give the topology another name`,
    );
  if (tracedLabs().includes(name)) await remove(name);
}

async function raise(topology: Topology): Promise<void> {
  const { name } = topology;
  const state = { pid: process.pid, since: new Date().toISOString(), relays: {}, topology };
  writeState({ ...state, phase: 'rising' });
  writeHosts(topology);
  // Both end before anything is thrown: a step still at work would add to what is being removed.
  const [wired, loaded] = await Promise.allSettled([wire(topology), loadPrograms(topology)]);
  if (wired.status === 'rejected') throw wired.reason;
  if (loaded.status === 'rejected') throw loaded.reason;
  await eachOf(topology.nodes, availableParallelism(), async (node) => {
    for (const step of stepsOf(topology, node)) await run(name, inside(name, node.name, step));
  });
  const relays = await slowDown(topology);
  writeState({ ...state, relays, phase: 'up' });
}

/** Links are asked for from inside: the kernel looks for their numbers among the interfaces of whoever asks, and the host may have those. */
async function wire(topology: Topology): Promise<void> {
  const { name, nodes } = topology;
  const batch = (input: string): Step => ({ argv: ['ip', '-batch', '-'], input });
  await run(name, batch(namespacesBatch(topology)));
  await run(name, inside(name, nodes[0]!.name, batch(linksBatch(topology))));
}

function stepsOf(topology: Topology, node: TopologyNode): Step[] {
  const interfaces = endsOf(topology, node.name).map(({ end }) => end.interface);
  const steps = [
    { argv: ['sh', '-s'], input: sysctlScript(sysctlsOf(topology.profile, node, interfaces)) },
    { argv: ['ip', '-batch', '-'], input: nodeBatch(topology, node) },
    { argv: ['tc', '-batch', '-'], input: decapBatch(topology, node) },
    { argv: ['nft', '-f', '-'], input: rulesOf(node, node.behaviour) },
  ];
  return steps.filter(({ input }) => input !== '');
}
