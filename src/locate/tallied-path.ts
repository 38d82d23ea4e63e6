/** What the probes over one path came to, as a file tells it. */

export interface PathTally {
  /** Names of nodes in travel order, two or more; consecutive ones are links. */
  readonly path: readonly string[];
  readonly sent: number;
  readonly received: number;
  /** Of which nothing is known, such as what the prober itself dropped. */
  readonly unknown: number;
}

const MOST = 0xffff_ffff;
const MOST_NODES = 1000;

/** Characters that would rewrite a terminal, wherever a name is shown. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const isName = (node: unknown): boolean => typeof node === 'string' && node !== '' && !UNPRINTABLE.test(node);
const isCount = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST;

/** Or what is wrong with it. Counts that contradict one another are no mistake of form: see `oddity`. */
export function pathTally(value: unknown): PathTally | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `${shown(value)} is no object with path, sent and received`;
  const { path, sent, received, unknown = 0 } = value as Readonly<Record<string, unknown>>;
  if (!Array.isArray(path)) return `"path" is ${shown(path)}, not a list of nodes`;
  if (path.length < 2) return `"path" has ${path.length === 1 ? 'one node' : 'no nodes'}: a link takes two`;
  if (path.length > MOST_NODES) return `"path" has ${path.length} nodes: at most ${MOST_NODES}`;
  const strange = path.findIndex((node) => !isName(node));
  if (strange >= 0) return `"path" has the node ${shown(path[strange])}: a node is a printable name`;
  const again = path.findIndex((node, at) => node === path[at + 1]);
  if (again >= 0) return `"path" goes from ${shown(path[again])} to itself`;
  for (const [name, count] of Object.entries({ sent, received, unknown })) {
    if (!isCount(count)) return `"${name}" is ${shown(count)}, not a whole number from 0 to ${MOST}`;
  }
  return { path: path as string[], sent: sent as number, received: received as number, unknown: unknown as number };
}

/** Of counts that tell nothing of the path. */
export interface Oddity {
  readonly why: string;
  readonly wouldSettle: string;
}

/** Null where they do. */
export function oddity({ sent, received, unknown }: PathTally): Oddity | null {
  const more = 'probes over this path';
  if (sent === 0) return { why: 'no probe was sent', wouldSettle: more };
  if (received + unknown > sent) {
    const all = unknown === 0 ? `${received} received are` : `${received} received and ${unknown} unknown are`;
    return { why: `${all} more than the ${sent} sent`, wouldSettle: 'the counts as they were, with what came twice counted once' };
  }
  return sent === unknown ? { why: `nothing is known of any of the ${sent} probes`, wouldSettle: more } : null;
}

const LONGEST_SHOWN = 40;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
