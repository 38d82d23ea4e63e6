/** A map file: which router each hop address belongs to, where that router decapsulates, what it is called (docs/map.md). */
import { BeaconError } from '../error.ts';
import { type Address, type FamilyNumber, familyOf, parseAddress } from '../wire/address.ts';
import { cited, type Read, readAddress, readFields } from './read.ts';
import { type Mistake, parseTree, type Tree } from './tree.ts';

export interface MappedNode {
  /** By which a path may show it, in the file's order. */
  readonly hop: readonly Address[];
  /** Where outer headers to it are stripped, at most one of each family; `none`: it strips none; null: the file does not say. */
  readonly decapsulates: readonly Address[] | 'none' | null;
  readonly name: string | null;
  readonly role: string | null;
}

/** Every address of every node, those where it decapsulates too. */
export type HopMap = ReadonlyMap<Address, MappedNode>;

/** A file that is no map must not cost minutes. */
const MOST_CHARACTERS = 4_000_000;
const MOST_NODES = 100_000;
const MOST_TOLD = 100;

/**
 * Reads the text of a YAML or JSON map; `file` is only its name in messages.
 * Throws BeaconError ERR_FILE: a line `file:line: what, which value, what to do` for each mistake.
 */
export function parseHopMap(text: string, file: string): HopMap {
  if (text.length > MOST_CHARACTERS)
    throw refusal(file, [{ line: 1, text: `more than ${MOST_CHARACTERS} characters: write a shorter map` }]);
  const { tree, mistakes: broken } = parseTree(text);
  const mistakes = [...broken];
  const nodes = tree === null ? [] : readNodes(tree, mistakes);
  const map = new Map<Address, MappedNode>();
  for (const { node, line } of nodes) {
    for (const address of addressesOfNode(node)) {
      if (map.has(address)) mistakes.push({ line, text: `${address} is an address of an earlier node too: a router has one entry` });
      map.set(address, node);
    }
  }
  if (mistakes.length > 0) throw refusal(file, mistakes);
  return map;
}

export const addressesOfNode = ({ hop, decapsulates }: MappedNode): Address[] => [
  ...new Set([...hop, ...(Array.isArray(decapsulates) ? (decapsulates as readonly Address[]) : [])]),
];

const readHost: Read<Address> = (tree) => {
  const address = tree.kind === 'scalar' ? parseAddress(tree.text) : null;
  return address === null ? { wrong: `write an address, got ${cited(tree)}` } : readAddress(familyOf(address))(tree);
};

/** One address, or a list of some. */
const readHosts: Read<readonly Address[]> = (tree) => {
  if (tree.kind !== 'list') {
    const one = readHost(tree);
    return 'wrong' in one ? one : { value: [one.value] };
  }
  const readings = tree.items.map(readHost);
  const wrong = readings.find((reading) => 'wrong' in reading);
  if (wrong !== undefined) return wrong;
  const values = readings.flatMap((reading) => ('value' in reading ? [reading.value] : []));
  if (values.length === 0) return { wrong: 'the list is empty: write at least one address' };
  const again = values.find((value, index) => values.indexOf(value) !== index);
  return again === undefined ? { value: values } : { wrong: `${again} stands twice: write it once` };
};

const readDecapsulates: Read<readonly Address[] | 'none'> = (tree) => {
  if (tree.kind === 'scalar' && tree.text === 'none') return { value: 'none' };
  const hosts = readHosts(tree);
  if ('wrong' in hosts) return { wrong: `${hosts.wrong} (or the word none)` };
  const twice = ([4, 6] as const).find((family) => ofFamily(hosts.value, family).length > 1);
  return twice === undefined ? hosts : { wrong: `two IPv${twice} addresses: write the one that probes are to visit` };
};

const ofFamily = (addresses: readonly Address[], family: FamilyNumber): Address[] =>
  addresses.filter((address) => familyOf(address) === family);

const LONGEST_WORD = 64;

const readWord: Read<string> = (tree) =>
  tree.kind === 'scalar' && /^[\p{L}\p{N}_.:/@+-]+$/u.test(tree.text) && tree.text.length <= LONGEST_WORD
    ? { value: tree.text }
    : { wrong: `write 1 to ${LONGEST_WORD} letters, digits or _ . : / @ + -, got ${cited(tree)}` };

const FIELDS = { hop: readHosts, decapsulates: readDecapsulates, name: readWord, role: readWord } as const;

interface Placed {
  readonly node: MappedNode;
  readonly line: number;
}

function readNodes(tree: Tree, mistakes: Mistake[]): Placed[] {
  if (tree.kind !== 'list') {
    mistakes.push({
      line: tree.line,
      text: `a map is a list of nodes, such as [{hop: 10.0.1.1, decapsulates: 10.255.0.2}], got ${cited(tree)}`,
    });
    return [];
  }
  if (tree.items.length > MOST_NODES) {
    mistakes.push({ line: tree.line, text: `${tree.items.length} nodes are too many for a map: write at most ${MOST_NODES}` });
    return [];
  }
  return tree.items.map((item) => readNode(item, mistakes));
}

function readNode(tree: Tree, mistakes: Mistake[]): Placed {
  const { line } = tree;
  const nobody: MappedNode = { hop: [], decapsulates: null, name: null, role: null };
  if (tree.kind !== 'map') {
    mistakes.push({ line, text: `node: write a map such as {hop: 10.0.1.1, decapsulates: 10.255.0.2}, got ${cited(tree)}` });
    return { node: nobody, line };
  }
  if (!tree.entries.some(({ key }) => key === 'hop'))
    mistakes.push({ line, text: 'node: hop is missing: write the addresses by which paths show it' });
  const fields = readFields(tree, FIELDS, 'node', mistakes);
  return { node: { ...nobody, ...fields }, line };
}

function refusal(file: string, mistakes: readonly Mistake[]): BeaconError {
  const ordered = [...mistakes].sort((a, b) => a.line - b.line);
  const told = ordered.slice(0, MOST_TOLD).map(({ line, text }) => `${file}:${line}: ${text.replaceAll(/\p{Cc}+/gu, ' ')}`);
  const more = ordered.length > MOST_TOLD ? [`${file}: and ${ordered.length - MOST_TOLD} more mistakes`] : [];
  return new BeaconError('ERR_FILE', [...told, ...more].join('\n'));
}
