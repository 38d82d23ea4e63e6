/** Labs for tests: fixtures under names of their own, and what a test asks of a node. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../src/lab/lab.ts';
import type { Counters } from '../../src/topology/counters.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Topology } from '../../src/topology/topology.ts';

/** Every test lab is called `t_…`, so that it never meets one that somebody uses. */
export function fixture(file: string, name: string, changes: Partial<Topology> = {}): Topology {
  const path = `fixtures/topologies/${file}.yaml`;
  return { ...parseTopology(readFileSync(path, 'utf8'), path), ...changes, name: `t_${name}` };
}

const EXCHANGE = fileURLToPath(new URL('exchange.py', import.meta.url));

/** Sends packets (hex) from a node and resolves to what comes in there, ours and strangers' alike. */
export async function exchange(lab: Lab, node: string, packets: readonly string[], waitMs = 150): Promise<string[]> {
  const { code, stdout, stderr } = await lab.exec(node, ['python3', EXCHANGE], {
    input: JSON.stringify({ packets, waitMs }),
    timeoutMs: 20_000,
  });
  if (code !== 0) throw new Error(`exchange.py ended with ${code}: ${stderr}`);
  return (JSON.parse(stdout) as { arrived: string[] }).arrived;
}

/** Counters of one direction; undefined where none are kept. */
export const direction = ({ links }: Counters, from: string, to: string): Counters['links'][number] | undefined =>
  links.find((counted) => counted.from === from && counted.to === to);

export const stripped = ({ decapsulated }: Counters, node: string): number =>
  decapsulated.filter((entry) => entry.node === node).reduce((sum, { headers }) => sum + headers, 0);

export interface Pinged {
  readonly sent: number;
  readonly received: number;
  readonly duplicates: number;
}

/** `ping` from iputils, every 2 ms. */
export async function ping(lab: Lab, node: string, target: string, count: number): Promise<Pinged> {
  const family = target.includes(':') ? '-6' : '-4';
  const { stdout, stderr } = await lab.exec(node, ['ping', family, '-n', '-q', '-c', `${count}`, '-i', '0.002', '-W', '0.2', target], {
    timeoutMs: 20_000,
  });
  const [, sent, received, duplicates] = /(\d+) packets transmitted, (\d+) received(?:, \+(\d+) duplicates)?/.exec(stdout) ?? [];
  if (sent === undefined) throw new Error(`ping said neither: ${stdout}${stderr}`);
  return { sent: Number(sent), received: Number(received), duplicates: Number(duplicates ?? 0) };
}
