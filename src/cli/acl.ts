/**
 * The access list by which an operator's routers unwrap IP in IP for us and for nobody else. A router that unwraps everybody's packets
 * relays them past filters and under false sources (VU#636397, RFC 6169).
 */
import { type Address, familyOf } from '../wire/address.ts';

export interface AclParts {
  /** Where probes come from. */
  readonly vantages: readonly Address[];
  /** Addresses or prefixes of routers that decapsulate behind the one that gets the rules; its own are known to it. */
  readonly routers: readonly string[];
}

/** Lines for `nft -f -`; what is for people, and for other makers' routers, stands in comments. */
export const acl = (parts: AclParts): string[] => [...INTRODUCTION, '', ...nftables(parts), '', ...inWords(parts)];

const INTRODUCTION = [
  '# Which IP in IP a router may unwrap: ours alone. Load it on each router that',
  '# decapsulates, or with --acl ROUTERS at the border before them:',
  '#   braceroute doctor --acl | ssh ROUTER sudo nft -f -',
];

const FAMILIES = [
  { number: 4, type: 'ipv4_addr', match: 'ip' },
  { number: 6, type: 'ipv6_addr', match: 'ip6' },
] as const;

function nftables({ vantages, routers }: AclParts): string[] {
  const sets = [...setsOf('vantages', vantages), ...setsOf('routers', routers)];
  return [
    'table inet braceroute', // so that the next line always finds one
    'delete table inet braceroute',
    'table inet braceroute {',
    ...sets.flatMap(({ name, type, elements }) => [
      `  set ${name} {`,
      `    type ${type}; flags interval; auto-merge;`,
      ...elements.map(
        (element, index) => `    ${index === 0 ? 'elements = { ' : '  '}${element}${index === elements.length - 1 ? ' }' : ','}`,
      ),
      '  }',
    ]),
    '  chain decapsulation {',
    '    type filter hook prerouting priority raw; policy accept;',
    '    # Sources can be forged: drop ours where strangers come in (RFC 2827), as by',
    ...sets.filter(({ of }) => of === 'vantages').map(({ match, name }) => `    #   iifname "wan0" ${match} saddr @${name} drop`),
    '    meta l4proto != { 4, 41 } accept',
    ...sets.filter(({ of }) => of === 'vantages').map(({ match, name }) => `    ${match} saddr @${name} accept`),
    '    # Tunnels that end here for other reasons: accept their far ends here.',
    '    fib daddr type local counter drop',
    ...sets.filter(({ of }) => of === 'routers').map(({ match, name }) => `    ${match} daddr @${name} counter drop`),
    '  }',
    '}',
  ];
}

interface NamedSet {
  readonly of: 'vantages' | 'routers';
  readonly name: string;
  readonly type: string;
  readonly match: string;
  readonly elements: readonly string[];
}

const setsOf = (of: NamedSet['of'], elements: readonly string[]): NamedSet[] =>
  FAMILIES.map(({ number, type, match }) => ({
    of,
    name: `${of}${number}`,
    type,
    match,
    elements: elements.filter((element) => familyOf(element) === number),
  })).filter((set) => set.elements.length > 0);

function inWords({ vantages, routers }: AclParts): string[] {
  const to = routers.length === 0 ? ['ROUTERS'] : routers;
  const permitted = to.flatMap((router) => vantages.flatMap((vantage) => lines('permit', vantage, router)));
  return [
    '# The same for routers without nftables, inbound on every interface, first match',
    `# wins${routers.length === 0 ? ' (ROUTERS: every address of theirs that decapsulates)' : ''}:`,
    ...permitted.filter((line) => line !== ''),
    ...to.flatMap((router) => lines('deny  ', 'any', router)),
    '#   permit everything else',
    '# And at the border: deny what comes in with a source of ours (RFC 2827).',
  ];
}

/** Protocol 4 and 41 go in packets of either family. */
function lines(verb: string, from: string, to: string): string[] {
  const known = [from, to].filter((one) => /[.:]/.test(one)).map(familyOf);
  if (new Set(known).size > 1) return [];
  return [4, 41].map((protocol) => `#   ${verb} protocol ${`${protocol}`.padEnd(2)} from ${from} to ${to}`);
}
