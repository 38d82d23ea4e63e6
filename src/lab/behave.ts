/** Makes one router of a lab that is up do more, or less, than forward. */
import { BeaconError } from '../error.ts';
import type { Behaviour } from '../topology/behaviour.ts';
import { endsOf, nodeNamed } from '../topology/lookup.ts';
import type { Topology } from '../topology/topology.ts';
import { inside, requireTools, run } from './command.ts';
import { behaviourBatch } from './maps.ts';
import { behaviourSysctls, sysctlScript } from './profile.ts';
import { replacedRules } from './rules.ts';

/** See Lab.behave. */
export async function setBehaviour(topology: Topology, name: string, wanted: Behaviour | 'clear'): Promise<void> {
  const node = nodeNamed(topology, name);
  if (node === null || node.vantage) {
    const routers = topology.nodes.filter(({ vantage }) => !vantage).map((router) => router.name);
    throw new BeaconError('ERR_USAGE', `${topology.name} has no router ${name}: take one of ${routers.join(', ')}`);
  }
  requireTools(['nft']);
  const behaviour = wanted === 'clear' ? node.behaviour : wanted;
  const interfaces = endsOf(topology, node.name).map(({ end }) => end.interface);
  const step = (argv: readonly string[], input: string) => run(topology.name, inside(topology.name, node.name, { argv, input }));
  await step(['sh', '-s'], sysctlScript(behaviourSysctls(behaviour, interfaces)));
  await step(['nft', '-f', '-'], replacedRules(node, behaviour));
  await run(topology.name, { argv: ['bpftool', 'batch', 'file', '-'], input: behaviourBatch(topology, node, behaviour) });
}
