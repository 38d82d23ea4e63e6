/** What is wrong between the values of a topology file: names, ends and addresses that do not fit together. */
import type { Address } from '../wire/address.ts';
import type { Draft, LinkDraft, NodeDraft } from './draft.ts';
import { meant } from './read.ts';
import { isHostOfSubnet, subnetOf } from './subnet.ts';
import type { Mistake } from './tree.ts';

/** Link k has 10.(k>>8).(k&255).0, and 10.255 is the loopbacks'. */
const MOST = { nodes: 65_000, links: 65_000 };

export function checkDraft(draft: Draft): Mistake[] {
  return [
    ...checkSize(draft),
    ...checkVantage(draft),
    ...checkBehaviour(draft),
    ...checkFor(draft),
    ...checkEnds(draft),
    ...checkIds(draft.links),
    ...checkAddresses(draft),
  ];
}

function checkSize({ nodes, links }: Draft): Mistake[] {
  const over = nodes.length > MOST.nodes || links.length > MOST.links;
  return over ? [{ line: 1, text: `${nodes.length} nodes and ${links.length} links: stay below ${MOST.nodes} of each` }] : [];
}

function checkVantage({ nodes }: Draft): Mistake[] {
  const vantages = nodes.filter((node) => node.vantage);
  const odd = vantages.filter((node) => node.decapsulates || node.silent);
  const none = nodes.length > 0 && vantages.length === 0;
  return [
    ...(none ? [{ line: nodes[0]!.line, text: 'no vantage: give one node vantage: true' }] : []),
    ...vantages.slice(1).map(({ name, line }) => ({ line, text: `node ${name}: a second vantage beside ${vantages[0]!.name}: keep one` })),
    ...odd.map(({ name, line }) => ({ line, text: `node ${name}: the vantage neither decapsulates nor is silent: remove that key` })),
  ];
}

const DECAPSULATION_KEYS = ['decapsulatesFor', 'decapsulatesAt', 'decapsulatesKinds', 'decapsulatesLayers', 'uniformTtl'] as const;
const ROUTER_KEYS = [...DECAPSULATION_KEYS, 'filters', 'hashPolicy', 'remarkDscp', 'icmpPolicer'] as const;

/** What only a router does, or only one that decapsulates. */
function checkBehaviour({ nodes }: Draft): Mistake[] {
  return nodes.flatMap((node) => {
    const [idle, why] = node.vantage ? [ROUTER_KEYS, 'the vantage forwards nothing'] : [DECAPSULATION_KEYS, 'it does not decapsulate'];
    const odd = node.vantage || node.decapsulates === false ? idle.filter((key) => node[key] !== undefined) : [];
    return odd.map((key) => ({ line: node.line, text: `node ${node.name}: ${why}: remove ${key}` }));
  });
}

function checkFor({ nodes }: Draft): Mistake[] {
  const names = nodes.map(({ name }) => name);
  return nodes.flatMap(({ name, line, decapsulatesFor = [] }) =>
    decapsulatesFor.flatMap((other): Mistake[] => {
      const at = { line, text: `node ${name}: decapsulatesFor: ${other} is` };
      if (!names.includes(other)) return [{ ...at, text: `${at.text} no node${meant(other, names)}` }];
      return other === name ? [{ ...at, text: `${at.text} itself: name others` }] : [];
    }),
  );
}

function checkEnds({ nodes, links }: Draft): Mistake[] {
  const names = nodes.map((node) => node.name);
  const mistakes = links.flatMap((link) => checkLinkEnds(link, names));
  const readable = links.every((link) => link.between !== undefined);
  return mistakes.length > 0 || !readable ? mistakes : checkConnected(nodes, links);
}

function checkLinkEnds({ between, line }: LinkDraft, names: readonly string[]): Mistake[] {
  if (between === undefined) return [];
  const unknown = between.filter((name) => !names.includes(name));
  const self = between[0] === between[1] ? [{ line, text: `link: ${between[0]} is joined to itself: name two nodes` }] : [];
  return [...unknown.map((name) => ({ line, text: `link: between: ${name} is no node${meant(name, names)}` })), ...self];
}

function checkConnected(nodes: readonly NodeDraft[], links: readonly LinkDraft[]): Mistake[] {
  const reached = new Set(nodes.slice(0, 1).map((node) => node.name));
  for (let size = 0; size !== reached.size; ) {
    size = reached.size;
    for (const { between } of links) if (between!.some((name) => reached.has(name))) for (const name of between!) reached.add(name);
  }
  const apart = nodes.filter((node) => !reached.has(node.name));
  return apart.map(({ name, line }) => ({ line, text: `node ${name}: no links lead to it from ${nodes[0]!.name}: add a link` }));
}

const checkIds = (links: readonly LinkDraft[]): Mistake[] =>
  repeated(links.flatMap(({ id, line }) => (id === undefined ? [] : [{ value: id, line, where: `link ${id}: id` }])));

function checkAddresses({ nodes, links }: Draft): Mistake[] {
  const loopbacks = nodes.flatMap(({ name, line, address4, address6 }) => uses([address4, address6], line, `node ${name}`));
  const ends = links.flatMap(({ line, addresses4 = [], addresses6 = [] }) => uses([...addresses4, ...addresses6], line, 'link'));
  const again = repeated([...loopbacks, ...ends]);
  return again.length > 0 ? again : checkSubnets(loopbacks, links);
}

function checkSubnets(loopbacks: readonly Use[], links: readonly LinkDraft[]): Mistake[] {
  const pairs = links.flatMap(({ line, addresses4, addresses6 }) =>
    [addresses4, addresses6].flatMap((pair) => (pair ? [{ line, pair }] : [])),
  );
  const subnets = pairs.map(({ line, pair }) => ({ line, value: subnetOf(pair[0]), where: 'link: the subnet' }));
  const taken = new Set(subnets.map(({ value }) => value));
  return [
    ...pairs.flatMap(({ line, pair }) => checkPair(line, pair)),
    ...repeated(subnets),
    ...loopbacks
      .filter(({ value }) => taken.has(subnetOf(value)))
      .map(({ line, value, where }) => ({ line, text: `${where}: ${value} lies in a link's subnet: choose another` })),
  ];
}

function checkPair(line: number, pair: readonly [Address, Address]): Mistake[] {
  if (subnetOf(pair[0]) !== subnetOf(pair[1]))
    return [{ line, text: `link: ${pair.join(' and ')} do not share a /30 or /126: choose neighbours` }];
  const unusable = pair.filter((address) => !isHostOfSubnet(address));
  return unusable.map((address) => ({ line, text: `link: ${address} is its subnet's own address: end in 1 or 2 of each four` }));
}

interface Use {
  readonly value: string;
  readonly line: number;
  readonly where: string;
}

const uses = (addresses: readonly (Address | undefined)[], line: number, where: string): Use[] =>
  addresses.flatMap((value) => (value === undefined ? [] : [{ value, line, where }]));

function repeated(all: readonly Use[]): Mistake[] {
  const first = new Map<string, number>();
  return all.flatMap(({ value, line, where }) => {
    const before = first.get(value);
    if (before === undefined) first.set(value, line);
    return before === undefined ? [] : [{ line, text: `${where}: ${value} was used on line ${before}: choose another` }];
  });
}
