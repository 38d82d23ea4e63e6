/** All paths as a Mermaid flowchart (mermaid.js.org/syntax/flowchart.html). */
import { edgeLabel, nodeLabel } from './graph-label.ts';
import type { PathsTold } from './paths-block.ts';

export function mermaidLines(told: PathsTold): string[] {
  const nodes = told.nodes.map((node) => {
    const [open, close] = node.is === 'us' || node.is === 'end' ? ['([', '])'] : ['[', ']'];
    return `  n${node.id}${open}${quoted(nodeLabel(node))}${close}`;
  });
  const edges = told.edges.map((edge) => {
    const label = edgeLabel(edge, told);
    return `  n${edge.from} ${edge.sure ? '-->' : '-.->'}${label === '' ? '' : `|${quoted([label])}|`} n${edge.to}`;
  });
  return ['flowchart LR', ...nodes, ...edges];
}

/** In quotes all is text but markup, entities and backticks (Markdown): those are written by their number. */
const quoted = (lines: readonly string[]): string =>
  `"${lines.map((line) => line.replace(/["#&<>`\\]/g, (sign) => `#${sign.charCodeAt(0)};`)).join('<br/>')}"`;
