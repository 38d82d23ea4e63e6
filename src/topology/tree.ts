/** YAML (JSON is YAML) as a plain tree that still knows its lines. */

import type { Document } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, Scalar } from 'yaml';

export type Tree = MapTree | ListTree | ScalarTree;

export interface MapTree {
  readonly kind: 'map';
  readonly line: number;
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly key: string;
  readonly line: number;
  readonly value: Tree;
}

export interface ListTree {
  readonly kind: 'list';
  readonly line: number;
  readonly items: readonly Tree[];
}

export interface ScalarTree {
  readonly kind: 'scalar';
  readonly line: number;
  readonly value: unknown;
  /** As the file writes it: a node may be called `1` or `no`. */
  readonly text: string;
}

export interface Mistake {
  readonly line: number;
  readonly text: string;
}

/** The tree and what YAML itself finds wrong; where that is grave the tree is null. */
export function parseTree(text: string): { tree: Tree | null; mistakes: readonly Mistake[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  const mistakes = document.errors.map((error) => ({ line: lines.linePos(error.pos[0]).line, text: error.message }));
  const grave = document.errors.some((error) => error.code !== 'DUPLICATE_KEY');
  return { tree: grave ? null : treeOf(document.contents, 1, { document, lines, depth: 0 }), mistakes };
}

interface Context {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly depth: number;
}

/** Deeper than any topology: an alias inside its own anchor would never end. */
const DEEPEST = 8;

function treeOf(node: unknown, lineAbove: number, context: Context): Tree {
  const line = lineOf(node, lineAbove, context);
  const below = { ...context, depth: context.depth + 1 };
  if (context.depth > DEEPEST) return { kind: 'scalar', line, value: undefined, text: '…' };
  if (isAlias(node)) return treeOf(node.resolve(context.document), line, below);
  if (isMap(node)) return { kind: 'map', line, entries: node.items.map((pair) => entryOf(pair, line, below)) };
  if (isSeq(node)) return { kind: 'list', line, items: node.items.map((item) => treeOf(item, line, below)) };
  return isScalar(node) ? scalarOf(node, line) : { kind: 'scalar', line, value: null, text: '' };
}

function entryOf(pair: Pair, lineAbove: number, context: Context): Entry {
  const line = lineOf(pair.key, lineAbove, context);
  const key = pair.key instanceof Scalar ? scalarOf(pair.key, line).text : '?';
  return { key, line, value: treeOf(pair.value, line, context) };
}

const scalarOf = (node: Scalar, line: number): ScalarTree => ({
  kind: 'scalar',
  line,
  value: node.value,
  text: node.source ?? String(node.value),
});

function lineOf(node: unknown, lineAbove: number, context: Context): number {
  const at = (node as Node | null)?.range?.[0];
  return at === undefined ? lineAbove : context.lines.linePos(at).line;
}
