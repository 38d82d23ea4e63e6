/**
 * Every topology, profile, family, loss and direction, one fault at a time, in memory or (first word `lab`) in labs of real kernels: run by
 * hand, `node --import tsx test/locate/full-pass.ts [lab] [topology …]`. Prints what was not named as it should be, and how many were.
 * With DONE=FILE each case that was named is written there, and those that are there already are left out.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
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

const file = process.env.DONE ?? null;
const done = new Set(file !== null && existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);

let good = 0;
let bad = 0;

const keyOf = ({ name, profile }: Topology, family: 4 | 6, { link, end, loss }: Wrong): string =>
  `${isLab ? 'lab' : 'memory'} ${name} ${profile} IPv${family} ${link.ends[end].node} of ${link.id} ${loss}`;

function judge(topology: Topology, family: 4 | 6, wrong: Wrong, events: readonly Event[]): void {
  try {
    assertNamed(topology, family, wrong, events);
    good += 1;
    if (file !== null) appendFileSync(file, `${keyOf(topology, family, wrong)}\n`);
  } catch (error) {
    bad += 1;
    console.log(`${topology.name} ${topology.profile} IPv${family}: ${(error as Error).message}`);
  }
}

const casesOf = (topology: Topology): { family: 4 | 6; wrong: Wrong }[] =>
  ([4, 6] as const)
    .flatMap((family) => LOSSES.flatMap((loss) => everyDirection(topology, loss).map((wrong) => ({ family, wrong }))))
    .filter(({ family, wrong }) => !done.has(keyOf(topology, family, wrong)));

async function inMemory(name: string, topology: Topology): Promise<void> {
  for (const { family, wrong } of casesOf(topology)) {
    const network = opened(topology, seed);
    apply(network.engine, wrong);
    judge(topology, family, wrong, await located(network, family, { topology: name }));
  }
}

async function inKernels(name: string, topology: Topology): Promise<void> {
  const { raised, locatedIn } = await import('./in-lab.ts');
  const cases = casesOf(topology);
  if (cases.length === 0) return;
  await using lab = await raised({ ...topology, name: `e6h_${name}` });
  for (const { family, wrong } of cases) judge(topology, family, wrong, await locatedIn(lab, name, family, wrong));
}

console.log(`seed ${seed}`);
for (const name of NAMES)
  for (const profile of PROFILES) {
    const topology = { ...parseTopology(readFileSync(`fixtures/topologies/${name}.yaml`, 'utf8'), name), profile };
    await (isLab ? inKernels : inMemory)(name, topology);
    console.log(`${name} ${profile}: ${good} named, ${bad} not`);
  }
process.exitCode = bad > 0 ? 1 : 0;
