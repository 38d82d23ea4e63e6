/** What a topology file says, value by value: known keys and readable values, before anything is compared or assigned. */
import type { Address } from '../wire/address.ts';
import { type Decapsulation, FILTERS, type Filter, type HashPolicy, MOST_LAYERS, NESTINGS, type Nesting } from './behaviour.ts';
import type { Policer } from './fault.ts';
import {
  cited,
  type Read,
  readAddress,
  readBoolean,
  readFields,
  readId,
  readInteger,
  readList,
  readName,
  readNumber,
  readOneOf,
  readPair,
  readPolicer,
  readSome,
} from './read.ts';
import type { Profile } from './topology.ts';
import type { Entry, Mistake, Tree } from './tree.ts';

export interface Draft {
  readonly name: string;
  readonly profile: Profile;
  readonly nodes: readonly NodeDraft[];
  readonly links: readonly LinkDraft[];
}

export interface NodeDraft {
  readonly line: number;
  readonly name: string;
  readonly vantage?: boolean;
  readonly decapsulates?: boolean;
  readonly silent?: boolean;
  readonly source?: 'loopback' | 'link';
  readonly decapsulatesFor?: readonly string[];
  readonly decapsulatesAt?: Decapsulation['at'];
  readonly decapsulatesKinds?: readonly Nesting[];
  readonly decapsulatesLayers?: number;
  readonly filters?: readonly Filter[];
  readonly acceptLocal?: boolean;
  readonly uniformTtl?: boolean;
  readonly hashPolicy?: HashPolicy;
  readonly remarkDscp?: number;
  readonly icmpPolicer?: Policer;
  readonly address4?: Address;
  readonly address6?: Address;
}

export interface LinkDraft {
  readonly line: number;
  readonly between?: readonly [string, string];
  readonly id?: string;
  readonly cost?: number;
  readonly costBack?: number;
  readonly delayMs?: number;
  readonly jitterMs?: number;
  readonly mtu?: number;
  readonly addresses4?: readonly [Address, Address];
  readonly addresses6?: readonly [Address, Address];
}

const NODE_FIELDS = {
  vantage: readBoolean,
  decapsulates: readBoolean,
  silent: readBoolean,
  source: readOneOf(['loopback', 'link']),
  decapsulatesFor: readList(readName(12)),
  decapsulatesAt: readOneOf(['any', 'loopback']),
  decapsulatesKinds: readSome(NESTINGS),
  decapsulatesLayers: readInteger(1, MOST_LAYERS),
  filters: readSome(FILTERS),
  acceptLocal: readBoolean,
  uniformTtl: readBoolean,
  hashPolicy: readInteger(0, 3) as Read<HashPolicy>,
  remarkDscp: readInteger(0, 63),
  icmpPolicer: readPolicer,
  address4: readAddress(4),
  address6: readAddress(6),
} as const;

const LINK_FIELDS = {
  between: readPair(readName(12)),
  id: readId,
  cost: readInteger(1, 65_535),
  costBack: readInteger(1, 65_535),
  delayMs: readNumber(0, 10_000),
  jitterMs: readNumber(0, 10_000),
  mtu: readInteger(1280, 65_535), // an IPv6 link carries at least 1280 (RFC 8200 §5)
  addresses4: readPair(readAddress(4)),
  addresses6: readPair(readAddress(6)),
} as const;

const TOP_FIELDS = {
  name: readName(16),
  profile: readOneOf(['lab', 'stock']),
  nodes: (tree: Tree) =>
    tree.kind === 'map' ? { value: tree } : { wrong: `write a map of nodes, such as {a: {vantage: true}, r1: {}}, got ${cited(tree)}` },
  links: (tree: Tree) =>
    tree.kind === 'list' ? { value: tree } : { wrong: `write a list of links, such as [{between: [a, r1]}], got ${cited(tree)}` },
} as const;

export function readDraft(tree: Tree, mistakes: Mistake[]): Draft {
  if (tree.kind !== 'map') {
    mistakes.push({ line: tree.line, text: `a topology is a map with name, nodes and links, got ${cited(tree)}` });
    return { name: '', profile: 'lab', nodes: [], links: [] };
  }
  const top = readFields(tree, TOP_FIELDS, 'topology', mistakes);
  for (const key of ['name', 'nodes', 'links']) {
    if (!tree.entries.some((entry) => entry.key === key)) mistakes.push({ line: tree.line, text: `topology: ${key} is missing: add it` });
  }
  return {
    name: top.name ?? '',
    profile: top.profile ?? 'lab',
    nodes: top.nodes?.entries.map((entry) => readNode(entry, mistakes)) ?? [],
    links: top.links?.items.map((item) => readLink(item, mistakes)) ?? [],
  };
}

function readNode({ key, line, value }: Entry, mistakes: Mistake[]): NodeDraft {
  const name = readName(12)({ kind: 'scalar', line, value: key, text: key });
  if ('wrong' in name) mistakes.push({ line, text: `node ${key}: ${name.wrong}` });
  if (value.kind === 'map') return { name: key, line, ...readFields(value, NODE_FIELDS, `node ${key}`, mistakes) };
  const empty = value.kind === 'scalar' && value.value === null;
  if (!empty) mistakes.push({ line: value.line, text: `node ${key}: write a map such as {}, got ${cited(value)}` });
  return { name: key, line };
}

function readLink(tree: Tree, mistakes: Mistake[]): LinkDraft {
  if (tree.kind !== 'map') {
    mistakes.push({ line: tree.line, text: `link: write a map such as {between: [a, r1]}, got ${cited(tree)}` });
    return { line: tree.line };
  }
  if (!tree.entries.some((entry) => entry.key === 'between'))
    mistakes.push({ line: tree.line, text: 'link: between is missing: name its two nodes' });
  return { line: tree.line, ...readFields(tree, LINK_FIELDS, 'link', mistakes) };
}
