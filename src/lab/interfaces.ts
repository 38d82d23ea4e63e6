/** What a node's kernel says of its interfaces. */
import { inside, run } from './command.ts';

/** Names of those that are up. */
export async function interfacesUp(lab: string, node: string): Promise<Set<string>> {
  const text = await run(lab, inside(lab, node, { argv: ['ip', '-j', 'link', 'show', 'up'], input: '' }));
  return new Set((JSON.parse(text) as { ifname?: string }[]).flatMap(({ ifname }) => ifname ?? []));
}
