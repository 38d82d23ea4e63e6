/** The eBPF programs of a lab: compiled when first needed, loaded once for all its nodes, pinned under the lab's name. */
import { existsSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { BeaconError } from '../error.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import { endsOf, vantageOf } from '../topology/lookup.ts';
import { routesOf } from '../topology/routes.ts';
import type { LinkEnd, Topology, TopologyNode } from '../topology/topology.ts';
import { run } from './command.ts';
import { nodeNumber, routersBatch } from './maps.ts';
import { BPF_MOUNT, PIN_DIRECTORY, pinOf } from './places.ts';
import { removeEmpty } from './state.ts';

const BPF_FS_MAGIC = 0xcafe4a11;
const PROGRAMS = ['decap', 'fault'] as const;

export const isBpfMounted = (): boolean => statfsSync(BPF_MOUNT).type === BPF_FS_MAGIC;

/** Throws BeaconError ERR_LAB where the compiler is missing, or the kernel refuses. */
export async function loadPrograms(topology: Topology): Promise<void> {
  const { name } = topology;
  await run(name, { argv: ['sh', join(PACKAGE_ROOT, 'bpf', 'build.sh')], input: '' });
  if (!existsSync(BPF_MOUNT)) throw new BeaconError('ERR_LAB', `The lab needs eBPF, and this kernel has no ${BPF_MOUNT}: take another one`);
  if (!isBpfMounted()) await run(name, { argv: ['mount', '-t', 'bpf', 'bpf', BPF_MOUNT], input: '' });
  mkdirSync(pinOf(name), { recursive: true });
  for (const program of PROGRAMS) {
    await run(name, { argv: ['bpftool', ...loadArguments(name, program)], input: '' }).catch((error: Error) => {
      throw refused(error);
    });
  }
  await run(name, { argv: ['bpftool', 'batch', 'file', '-'], input: routersBatch(topology) });
}

/** bpftool shows the verifier's log, which says little to who wants a lab. */
function refused(cause: Error): Error {
  if (!cause.message.includes('program load failed')) return cause;
  return new BeaconError(
    'ERR_LAB',
    `Linux ${release()} does not take the lab's programs (5.12 does): take another kernel, or --engine simulated`,
    {
      cause,
    },
  );
}

/** Not in a batch: bpftool 7.1 takes an errno that its loader left behind for a failure to read the batch. */
function loadArguments(lab: string, program: string): string[] {
  const object = join(PACKAGE_ROOT, 'build', 'bpf', `${program}.bpf.o`);
  return ['prog', 'load', object, pinOf(lab, program), 'type', 'classifier', 'pinmaps', pinOf(lab)];
}

/** Lines for `tc`: every interface of a router. */
export function decapBatch(topology: Topology, node: TopologyNode): string {
  if (node.vantage) return '';
  return endsOf(topology, node.name)
    .map(({ end }) =>
      attachLines(topology.name, end.interface, 'ingress', 'decap', nodeNumber(topology, node) + sideOf(topology, node, end)),
    )
    .join('');
}

/** Added to the number where the node does not reach the vantage's loopback address by this interface. */
const OUTSIDE = 0x8000;

/** The routes of both families lead alike. */
function sideOf(topology: Topology, node: TopologyNode, end: LinkEnd): number {
  const home = routesOf(topology, 4)
    .get(node.name)!
    .find(({ destination }) => destination === vantageOf(topology).loopback[4]);
  return home?.nextHops.some((hop) => hop.interface === end.interface) ? 0 : OUTSIDE;
}

/** The classid carries the attachment's number to the program; tc reads it as hexadecimal. */
export const attachLines = (lab: string, on: string, side: 'ingress' | 'egress', program: string, number: number): string =>
  [
    `qdisc replace dev ${on} clsact`,
    `filter replace dev ${on} ${side} pref 1 handle 1 bpf direct-action classid 1:${number.toString(16)} object-pinned ${pinOf(lab, program)}`,
    '',
  ].join('\n');

export function removePins(lab: string): void {
  rmSync(pinOf(lab), { recursive: true, force: true });
  removeEmpty(PIN_DIRECTORY);
}
