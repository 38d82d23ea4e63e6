/**
 * Two faults at once: every pair of directions of every topology, both families, equal and different losses, one of them dead too; and every
 * router that loses. In memory, against what the topology alone says can be told apart. By hand:
 * `node --import tsx test/locate/pairs-pass.ts [cases of each topology, 0: all] [topology …]`. Prints what was not judged as it should be.
 */
import { shuffle } from '../../src/boomerang/order.ts';
import { random } from '../../src/engine/simulated/random.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { type Case, pairsOf, routersOf, wrongWith } from './pairs.ts';
import { topologyOf } from './told.ts';

const [size = '0', ...words] = process.argv.slice(2);
const NAMES = words.length > 0 ? words : ['line', 'diamond', 'demo', 'asymmetric', 'uplinks', 'silent', 'ecmp4', 'clos'];
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

async function pass(topology: Topology): Promise<number> {
  const cases: Case[] = [...pairsOf(topology), ...routersOf(topology)];
  shuffle(cases, random(seed));
  let wrong = 0;
  const chosen = cases.slice(0, Number(size) || cases.length);
  for (const [at, one] of chosen.entries()) {
    const found = await wrongWith(topology, one, seed + at);
    if (found === null) continue;
    wrong += 1;
    console.log(`${topology.name} IPv${one.family} seed ${seed + at} ${JSON.stringify(one.faults)}: ${found}`);
  }
  console.log(`${topology.name}: ${chosen.length - wrong} of ${chosen.length} as they should be`);
  return wrong;
}

console.log(`seed ${seed}`);
let wrong = 0;
for (const name of NAMES) wrong += await pass(topologyOf(name));
process.exitCode = wrong > 0 ? 1 : 0;
