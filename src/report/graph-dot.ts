/** All paths in the DOT language of Graphviz (graphviz.org/doc/info/lang.html). */
import { edgeLabel, nodeLabel } from './graph-label.ts';
import type { PathsTold } from './paths-block.ts';

export function dotLines(told: PathsTold): string[] {
  const nodes = told.nodes.map((node) => {
    const style = node.missed === null || node.is === 'silent' ? ', style=dashed' : '';
    const shape = node.is === 'us' || node.is === 'end' ? ', shape=ellipse' : '';
    return `  n${node.id} [label=${quoted(nodeLabel(node))}${shape}${style}];`;
  });
  const edges = told.edges.map((edge) => {
    const label = edgeLabel(edge, told);
    const attributes = [...(label === '' ? [] : [`label=${quoted([label])}`]), ...(edge.sure ? [] : ['style=dashed'])];
    return `  n${edge.from} -> n${edge.to}${attributes.length === 0 ? '' : ` [${attributes.join(', ')}]`};`;
  });
  return ['digraph paths {', '  rankdir=LR;', '  node [shape=box];', ...nodes, ...edges, '}'];
}

/** In a quoted string only quotes and backslashes mean something; `\n` breaks the line. */
const quoted = (lines: readonly string[]): string => `"${lines.map((line) => line.replace(/["\\]/g, '\\$&')).join('\\n')}"`;
