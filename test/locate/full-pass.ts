/**
 * Every topology, profile, family, loss and direction, one fault at a time, in memory or (first word `lab`) in labs of real kernels: run by
 * hand, `node --import tsx test/locate/full-pass.ts [lab] [topology …]`. Prints what was not named as it should be, and how many were.
 */
import { readFileSync } from 'node:fs';
import type { Event } from '../../src/report/event.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import type { Profile, Topology } from '../../src/topology/topology.ts';
import { apply, assertNamed, everyDirection, located, opened, type Wrong } from './located.ts';

const words = process.argv.slice(2);
const isLab = words[0] === 'lab';
const named = isLab ? words.slice(1) : words;
const NAMES = named.length > 0 ? named : ['line', 'diamond', 'demo', 'asymmetric', 'uplinks', 'silent', 'ecmp4', 'clos'];
const LOSSES = [0.01, 0.05, 0.3, 1];
const PROFILES: readonly Profile[] = ['lab', 'stock'];
const seed = Math.floor(Math.random() * 2 ** 31);

let good = 0;
let bad = 0;

function judge(topology: Topology, family: 4 | 6, wrong: Wrong, events: readonly Event[]): void {
  try {
    assertNamed(topology, family, wrong, events);
    good += 1;
  } catch (error) {
    bad += 1;
    console.log(`${topology.name} ${topology.profile} IPv${family}: ${(error as Error).message}`);
  }
}

async function inMemory(name: string, topology: Topology): Promise<void> {
  for (const family of [4, 6] as const)
    for (const loss of LOSSES)
      for (const wrong of everyDirection(topology, loss)) {
        const network = opened(topology, seed);
        apply(network.engine, wrong);
        judge(topology, family, wrong, await located(network, family, { topology: name }));
      }
}

async function inKernels(name: string, topology: Topology): Promise<void> {
  const { raised, locatedIn } = await import('./in-lab.ts');
  await using lab = await raised({ ...topology, name: `e6c_${name}` });
  for (const family of [4, 6] as const)
    for (const loss of LOSSES)
      for (const wrong of everyDirection(topology, loss)) judge(topology, family, wrong, await locatedIn(lab, name, family, wrong));
}

console.log(`seed ${seed}`);
for (const name of NAMES)
  for (const profile of PROFILES) {
    const topology = { ...parseTopology(readFileSync(`fixtures/topologies/${name}.yaml`, 'utf8'), name), profile };
    await (isLab ? inKernels : inMemory)(name, topology);
    console.log(`${name} ${profile}: ${good} named, ${bad} not`);
  }
process.exitCode = bad > 0 ? 1 : 0;
