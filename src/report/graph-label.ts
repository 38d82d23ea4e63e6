/** What stands in a drawn graph: at its nodes, and at the ways that a value selects. */
import type { EdgeEvent, NodeEvent } from './event.ts';
import type { PathsTold } from './paths-block.ts';
import { printable } from './printable.ts';

/** More addresses would make the boxes towers. */
const MOST_ADDRESSES = 4;

export function nodeLabel({ id, addresses, name, missed }: NodeEvent): string[] {
  const shown = addresses.slice(0, MOST_ADDRESSES);
  const rest = addresses.length - shown.length;
  const more = rest === 0 ? [] : [`and ${rest} more`];
  const risk = missed === null ? ['next hops may be missing'] : [];
  return [...(name === null ? [] : [printable(name)]), ...(shown.length === 0 ? [`* (#${id})`] : shown), ...more, ...risk];
}

/** `source port 41000`; empty where nothing needs to be selected. */
export function edgeLabel({ from, to }: EdgeEvent, { nodes, splits }: PathsTold): string {
  const addresses = nodes.find(({ id }) => id === from)!.addresses;
  const split = splits.find((one) => one.from !== null && addresses.includes(one.from));
  if (split === undefined) return '';
  if (split.perPacket) return 'by packet';
  const values = split.next.filter(({ router, field }) => router === to && field !== null);
  return values.map(({ field, value }) => `${field} ${value}`).join(' or ');
}
