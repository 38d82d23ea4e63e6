/** A node's interfaces: what its kernel says of them, and is told. */
import type { LinkEnd } from '../topology/topology.ts';
import { inside, run } from './command.ts';

/** Names of those that are up. */
export async function interfacesUp(lab: string, node: string): Promise<Set<string>> {
  const text = await run(lab, inside(lab, node, { argv: ['ip', '-j', 'link', 'show', 'up'], input: '' }));
  return new Set((JSON.parse(text) as { ifname?: string }[]).flatMap(({ ifname }) => ifname ?? []));
}

/** Lines for `ip -batch` on the node that an end of a link belongs to. */
export const onIp = (lab: string, { node }: LinkEnd, input: string): Promise<string> =>
  run(lab, inside(lab, node, { argv: ['ip', '-batch', '-'], input }));
