/** What the two profiles set in each namespace; what is not here stays as the kernel made it. */
import type { Behaviour } from '../topology/behaviour.ts';
import type { Profile, TopologyNode } from '../topology/topology.ts';

/** A path under /proc/sys/net and its value. */
export type Sysctl = readonly [path: string, value: string | number];

/** Each for `all`, `default` and every interface: the kernel takes now the greatest, now any, now only the interface's own. */
const EVERY_INTERFACE: Record<Profile, readonly Sysctl[]> = {
  lab: [['ipv4/conf/*/send_redirects', 0]],
  stock: [['ipv4/conf/*/send_redirects', 1]],
};

const EVERY_INTERFACE_ALWAYS: readonly Sysctl[] = [
  ['ipv4/conf/*/rp_filter', 0], // 1 kills every steered packet
  ['ipv6/conf/*/accept_dad', 0], // else the first seconds answer nothing
  ['ipv6/conf/*/accept_ra', 0],
  ['ipv6/conf/*/keep_addr_on_down', 1],
];

const ONCE: Record<Profile, readonly Sysctl[]> = {
  lab: [
    ['ipv4/icmp_ratemask', 0],
    ['ipv4/icmp_msgs_per_sec', 1_000_000],
    ['ipv4/icmp_msgs_burst', 1_000_000],
    ['ipv6/icmp/ratelimit', 0],
    ['ipv6/icmp/ratemask', ''],
  ],
  stock: [],
};

/** Of the outer and of the innermost header: addresses, protocol, flow label, ports. Only policy 3 goes by them. */
const EVERY_HASH_FIELD = 0xfff;

/** What of a node's behaviour its kernel is told by sysctls. */
export const behaviourSysctls = ({ acceptLocal, hashPolicy }: Behaviour, interfaces: readonly string[]): Sysctl[] => [
  ...onEvery([['ipv4/conf/*/accept_local', acceptLocal ? 1 : 0]], interfaces),
  ...['ipv4', 'ipv6'].flatMap((family): Sysctl[] => [
    [`${family}/fib_multipath_hash_fields`, EVERY_HASH_FIELD],
    [`${family}/fib_multipath_hash_policy`, hashPolicy],
  ]),
];

const onEvery = (sysctls: readonly Sysctl[], interfaces: readonly string[]): Sysctl[] =>
  sysctls.flatMap(([path, value]) => ['all', 'default', 'lo', ...interfaces].map((name): Sysctl => [path.replace('*', name), value]));

/** Forwarding comes first: setting it resets others. */
export function sysctlsOf(profile: Profile, node: TopologyNode, interfaces: readonly string[]): Sysctl[] {
  const forwards = node.vantage ? 0 : 1;
  return [
    ['ipv4/ip_forward', forwards],
    ['ipv6/conf/all/forwarding', forwards],
    ...onEvery([...EVERY_INTERFACE_ALWAYS, ...EVERY_INTERFACE[profile]], interfaces),
    ...behaviourSysctls(node.behaviour, interfaces),
    ...ONCE[profile],
  ];
}

/** A shell line each. Kernels before 6.13 keep the global ICMP limit out of namespaces: it is the host's, and left alone. */
export const sysctlScript = (sysctls: readonly Sysctl[]): string =>
  ['set -e', 'cd /proc/sys/net', ...sysctls.map(([path, value]) => `[ ! -e ${path} ] || echo ${value} >${path}`), ''].join('\n');
