/** A map file from what is known of routers (docs/map.md). */
import type { MappedNode } from './hop-map.ts';

/** An entry a line, in the order given; `parseHopMap` reads the same nodes from it. What is not known is left out. */
export const hopMapText = (nodes: readonly MappedNode[]): string =>
  nodes.length === 0 ? '[]\n' : nodes.map((node) => `- ${entryText(node)}\n`).join('');

/** JSON is YAML too, and quotes whatever a name holds. */
const entryText = (node: MappedNode): string =>
  JSON.stringify(Object.fromEntries(Object.entries(node).filter(([, value]) => value !== null)));
