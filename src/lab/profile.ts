/** What the two profiles set in each namespace; what is not here stays as the kernel made it. */
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
  ['ipv4/conf/*/accept_local', 0],
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

const ONCE_ALWAYS: readonly Sysctl[] = [
  ['ipv4/fib_multipath_hash_policy', 1],
  ['ipv6/fib_multipath_hash_policy', 1],
];

/** Forwarding comes first: setting it resets others. */
export function sysctlsOf(profile: Profile, node: TopologyNode, interfaces: readonly string[]): Sysctl[] {
  const forwards = node.vantage ? 0 : 1;
  const each = [...EVERY_INTERFACE_ALWAYS, ...EVERY_INTERFACE[profile]].flatMap(([path, value]): Sysctl[] =>
    ['all', 'default', 'lo', ...interfaces].map((name) => [path.replace('*', name), value]),
  );
  return [['ipv4/ip_forward', forwards], ['ipv6/conf/all/forwarding', forwards], ...each, ...ONCE_ALWAYS, ...ONCE[profile]];
}

/** A shell line each. Kernels before 6.13 keep the global ICMP limit out of namespaces: it is the host's, and left alone. */
export const sysctlScript = (sysctls: readonly Sysctl[]): string =>
  ['set -e', 'cd /proc/sys/net', ...sysctls.map(([path, value]) => `[ ! -e ${path} ] || echo ${value} >${path}`), ''].join('\n');
