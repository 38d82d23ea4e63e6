/** What a simulated router is made to do besides forwarding, from now on. */
import { BeaconError } from '../../error.ts';
import type { Behaviour } from '../../topology/behaviour.ts';
import { nodeNamed } from '../../topology/lookup.ts';
import type { Network } from './network.ts';
import { emptyPoliced } from './policer.ts';

/** Throws BeaconError ERR_USAGE for a stranger and for the vantage, which forwards nothing. */
export function setBehaviour({ topology, nodes }: Network, name: string, behaviour: Behaviour | 'clear'): void {
  const node = nodes.get(nodeNamed(topology, name)?.name ?? '');
  if (node === undefined || node.topology.vantage) {
    const routers = topology.nodes.filter(({ vantage }) => !vantage).map((router) => router.name);
    throw new BeaconError('ERR_USAGE', `${topology.name} has no router ${name}: take one of ${routers.join(', ')}`);
  }
  node.behaviour = behaviour === 'clear' ? node.topology.behaviour : behaviour;
  node.policed = emptyPoliced();
}
