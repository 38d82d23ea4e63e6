// limit: 300 s
/** One fault, or none, in random networks with background loss and routers that are silent or do not decapsulate: what is named is so. */
import fc from 'fast-check';
import { test } from 'uvu';
import { assertNotWrong, type Case, foundIn, randomCases } from './random-case.ts';

const NETWORKS = Number(process.env.NETWORKS ?? 40);
const LOSSES = [0, 0.01, 0.05, 0.3, 1];

async function judge(one: Case): Promise<void> {
  assertNotWrong(one, await foundIn(one));
}

test(`on ${NETWORKS} random networks a fault is named where it is, or said to be unknown`, async () => {
  await fc.assert(fc.asyncProperty(randomCases(LOSSES), judge), {
    numRuns: NETWORKS,
    endOnFailure: true,
    includeErrorInReport: true,
  } as object);
});

test.run();
