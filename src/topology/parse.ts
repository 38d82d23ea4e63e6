/** A topology file → a topology, or one error that lists every mistake with its line. */
import { BeaconError } from '../error.ts';
import { assign } from './assign.ts';
import { checkDraft } from './check.ts';
import { readDraft } from './draft.ts';
import type { Topology } from './topology.ts';
import { type Mistake, parseTree } from './tree.ts';

/**
 * Reads the text of a YAML or JSON topology; `file` is only its name in messages.
 * Throws BeaconError ERR_TOPOLOGY: a line `file:line: what, which value, what to do` for each mistake.
 */
export function parseTopology(text: string, file: string): Topology {
  const { tree, mistakes: broken } = parseTree(text);
  if (tree === null) throw refusal(file, broken);
  const mistakes = [...broken];
  const draft = readDraft(tree, mistakes);
  mistakes.push(...checkDraft(draft));
  if (mistakes.length > 0) throw refusal(file, mistakes);
  return assign(draft);
}

function refusal(file: string, mistakes: readonly Mistake[]): BeaconError {
  const ordered = [...mistakes].sort((a, b) => a.line - b.line);
  return new BeaconError('ERR_TOPOLOGY', ordered.map(({ line, text }) => `${file}:${line}: ${oneLine(text)}`).join('\n'));
}

/** What a mistake cites may hold line breaks and terminal control characters. */
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');
