/** What of a node's behaviour its kernel is told by `nft`: lines for its one table. */
import type { Behaviour } from '../topology/behaviour.ts';
import type { TopologyNode } from '../topology/topology.ts';

/** Nothing where the node needs no rule. */
export function rulesOf({ silent }: TopologyNode, behaviour: Behaviour): string {
  const chains = [
    outputChain(silent, behaviour),
    behaviour.filters.includes('ct-invalid') ? chain('forward', ['ct state invalid drop']) : '',
    remarkChain(behaviour),
  ].join('');
  return chains === '' ? '' : `table inet beacon {\n${policedChain(behaviour)}${chains}}\n`;
}

/** The same, whatever rules the node had before, in one transaction. */
export const replacedRules = (node: TopologyNode, behaviour: Behaviour): string =>
  `add table inet beacon\ndelete table inet beacon\n${rulesOf(node, behaviour)}`;

const SILENCE = ['icmp type time-exceeded drop', 'icmpv6 type time-exceeded drop'];
/** Errors alone: echo replies and what links need to be links pass, redirects too. */
const POLICED = [
  'icmp type { destination-unreachable, time-exceeded, parameter-problem } jump policed',
  'icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } jump policed',
];

function outputChain(silent: boolean, { icmpPolicer }: Behaviour): string {
  const rules = [...(silent ? SILENCE : []), ...(icmpPolicer ? POLICED : [])];
  return rules.length === 0 ? '' : chain('output', rules);
}

/** One bucket for both families. */
function policedChain({ icmpPolicer }: Behaviour): string {
  if (icmpPolicer === null) return '';
  const { perSecond, burst } = icmpPolicer;
  return `chain policed { ${perSecond === 0 ? 'drop' : `limit rate over ${perSecond}/second burst ${burst} packets drop`}; }\n`;
}

const remarkChain = ({ remarkDscp }: Behaviour): string =>
  remarkDscp === null ? '' : chain('postrouting', [`ip dscp set ${remarkDscp}`, `ip6 dscp set ${remarkDscp}`]);

const chain = (hook: 'output' | 'forward' | 'postrouting', rules: readonly string[]): string =>
  [`chain ${hook} {`, `type filter hook ${hook} priority 0;`, ...rules, '}', ''].join('\n');
