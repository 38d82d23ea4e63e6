/** A topology file → a topology, or one error that lists every mistake with its line. */
import { BeaconError } from '../error.ts';
import { assign } from './assign.ts';
import { checkDraft } from './check.ts';
import { readDraft } from './draft.ts';
import type { Topology } from './topology.ts';
import { type Mistake, parseTree } from './tree.ts';

/** A file that is no topology must not cost minutes. The largest lab that was raised has 37 nodes. */
const MOST_CHARACTERS = 1_000_000;
const MOST_NODES = 1000;
const MOST_LINKS = 10_000;
/** Beyond these the file is something else altogether. */
const MOST_TOLD = 100;

/**
 * Reads the text of a YAML or JSON topology; `file` is only its name in messages.
 * Throws BeaconError ERR_TOPOLOGY: a line `file:line: what, which value, what to do` for each mistake.
 */
export function parseTopology(text: string, file: string): Topology {
  if (text.length > MOST_CHARACTERS) throw tooLarge(file, `${text.length} characters`, `${MOST_CHARACTERS}`);
  const { tree, mistakes: broken } = parseTree(text);
  if (tree === null) throw refusal(file, broken);
  const mistakes = [...broken];
  const draft = readDraft(tree, mistakes);
  if (draft.nodes.length > MOST_NODES) throw tooLarge(file, `${draft.nodes.length} nodes`, `${MOST_NODES}`);
  if (draft.links.length > MOST_LINKS) throw tooLarge(file, `${draft.links.length} links`, `${MOST_LINKS}`);
  mistakes.push(...checkDraft(draft));
  if (mistakes.length > 0) throw refusal(file, mistakes);
  return assign(draft);
}

function refusal(file: string, mistakes: readonly Mistake[]): BeaconError {
  const ordered = [...mistakes].sort((a, b) => a.line - b.line);
  const told = ordered.slice(0, MOST_TOLD).map(({ line, text }) => `${file}:${line}: ${oneLine(text)}`);
  const more = ordered.length > MOST_TOLD ? [`${file}: and ${ordered.length - MOST_TOLD} more mistakes`] : [];
  return new BeaconError('ERR_TOPOLOGY', [...told, ...more].join('\n'));
}

const tooLarge = (file: string, found: string, most: string): BeaconError =>
  new BeaconError('ERR_TOPOLOGY', `${file}: ${found} are too many for a topology: write at most ${most}`);

/** What a mistake cites may hold line breaks and terminal control characters. */
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ');
