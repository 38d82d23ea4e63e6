/**
 * How many of so many random networks get the right verdict: run by hand, `node --import tsx test/locate/random-pass.ts [networks] [seed]`.
 * Prints each that does not, as it can be run again.
 */
import fc from 'fast-check';
import { assertNotWrong, assertRight, type Case, foundIn, randomCases } from './random-case.ts';

const [networks = 200, seed = Math.floor(Math.random() * 2 ** 31), only = -1] = process.argv.slice(2).map(Number);
const LOSSES = [0, 0.01, 0.05, 0.3, 1];

console.log(`${networks} networks, seed ${seed}`);
const cases = fc.sample(randomCases(LOSSES), { numRuns: networks, seed });
const counted = { right: 0, unnamed: 0, wrong: 0 };

async function judge(one: Case, index: number): Promise<keyof typeof counted> {
  const found = await foundIn(one);
  try {
    assertRight(one, found);
    return 'right';
  } catch (error) {
    const isWrong = throws(() => assertNotWrong(one, found));
    console.log(`${index} ${isWrong ? 'WRONG' : 'unnamed'} IPv${one.family} ${fc.stringify(one.network)} ${(error as Error).message}`);
    return isWrong ? 'wrong' : 'unnamed';
  }
}

function throws(work: () => void): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

for (const [index, one] of cases.entries()) if (only < 0 || index === only) counted[await judge(one, index)] += 1;
console.log(JSON.stringify(counted));
process.exitCode = counted.right < networks - 1 && only < 0 ? 1 : 0;
