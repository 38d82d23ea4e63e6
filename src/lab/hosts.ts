/** What the nodes call each other: files that `ip netns exec` binds over /etc. No server is asked, so unknown names fail at once. */
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hostsOf, vantageOf } from '../topology/lookup.ts';
import type { Topology } from '../topology/topology.ts';
import { ETC_DIRECTORY, labOfNamespace, namespaceName } from './places.ts';
import { namesIn, removeEmpty } from './state.ts';

/** File name → content. */
export const etcFiles = (topology: Topology): Record<string, string> => ({
  hosts: ['127.0.0.1 localhost', '::1 localhost', ...hostsOf(topology), ''].join('\n'),
  'gai.conf': preferences(topology).join('\n'),
  'nsswitch.conf': 'hosts: files\n',
  'resolv.conf': '# no server: the lab knows all its names\n',
});

/** RFC 6724 would put the address first that is most like our own; here a name stands for the loopback. The rest is the default table. */
const preferences = ({ nodes }: Topology): string[] => [
  ...nodes.map(({ loopback }) => `precedence ${loopback[6]}/128 100`),
  ...nodes.map(({ loopback }) => `precedence ::ffff:${loopback[4]}/128 90`),
  ...['::1/128 50', '::/0 40', '2002::/16 30', '::/96 20', '::ffff:0:0/96 10'].map((line) => `precedence ${line}`),
  '',
];

/** The vantage has the files, the other nodes lead to them. */
export function writeHosts(topology: Topology): void {
  const vantage = namespaceName(topology.name, vantageOf(topology).name);
  mkdirSync(join(ETC_DIRECTORY, vantage), { recursive: true });
  const files = Object.entries(etcFiles(topology)).filter(([file]) => existsSync(join('/etc', file))); // one binds over another only
  for (const [file, content] of files) writeFileSync(join(ETC_DIRECTORY, vantage, file), content);
  for (const { name } of topology.nodes.filter((node) => !node.vantage))
    symlinkSync(vantage, join(ETC_DIRECTORY, namespaceName(topology.name, name)));
}

export function removeHosts(lab: string): void {
  for (const name of namesIn(ETC_DIRECTORY).filter((entry) => labOfNamespace(entry) === lab))
    rmSync(join(ETC_DIRECTORY, name), { recursive: true, force: true });
  removeEmpty(ETC_DIRECTORY);
}
