/** What stands in a drawn graph: at its nodes, and at the ways that a value selects. */
import type { EdgeEvent, NodeEvent } from './event.ts';
import type { PathsTold } from './paths-block.ts';
import { splitOf, wordsFor } from './paths-flow.ts';
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

/** `source port 41000`; empty where nothing needs to be selected, or nothing can be. */
export function edgeLabel(edge: EdgeEvent, told: PathsTold): string {
  const { from, to, sure } = edge;
  const split = splitOf(told, from);
  if (split?.perPacket) return 'by packet';
  const choices = split?.next.filter(({ router }) => router === to) ?? [];
  const values = choices.filter(({ field }) => field !== null).map((choice) => wordsFor(told, choice, edge));
  if (values.length > 0) return values.join(' or ');
  const isOneOfSeveral = told.edges.filter((other) => other.from === from).length > 1;
  return isOneOfSeveral && sure && split?.movedBy.length !== 0 ? wordsFor(told, null, edge) : '';
}
