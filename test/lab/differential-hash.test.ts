// limit: 120 s
/** Which field of a packet moves a router's choice among equal ways: kernel routers and simulated ones under each hash policy. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { up } from '../../src/lab/up.ts';
import { type HashPolicy, PLAIN } from '../../src/topology/behaviour.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';
import { rootMissing, skip } from '../skip.ts';
import { type Group, groupsOf, type Shape, spread, waysInLab, waysInSimulation } from './split-fields.ts';

const reason = rootMissing();
const POLICIES: readonly HashPolicy[] = [0, 1, 2, 3];

/**
 * By ip-sysctl's fib_multipath_hash_policy and _fields, all of them set: 0 layer 3 (of what an error quotes), 1 layer 4, 2 layer 3 or
 * inner layer 3, 3 what is chosen. "Inner" is the innermost. A flow label of zero is none, so the outer one stands for it.
 */
const MOVES: Readonly<Record<HashPolicy, Readonly<Record<Shape, Readonly<Record<FamilyNumber, readonly string[]>>>>>> = {
  0: {
    plain: { 4: ['outer source', 'outer destination'], 6: ['outer source', 'outer destination', 'outer label'] },
    nested: { 4: ['outer source', 'outer destination'], 6: ['outer source', 'outer destination', 'outer label'] },
    deep: { 4: ['outer source', 'outer destination'], 6: ['outer source', 'outer destination', 'outer label'] },
    error: { 4: ['inner source'], 6: ['inner source', 'inner label'] },
  },
  1: {
    plain: { 4: ['outer source', 'outer destination', 'ports'], 6: ['outer source', 'outer destination', 'ports'] },
    nested: { 4: ['outer source', 'outer destination'], 6: ['outer source', 'outer destination'] },
    deep: { 4: ['outer source', 'outer destination'], 6: ['outer source', 'outer destination'] },
    error: { 4: ['outer source', 'outer destination'], 6: ['outer source', 'outer destination'] },
  },
  2: {
    plain: { 4: ['outer source', 'outer destination'], 6: ['outer source', 'outer destination', 'outer label'] },
    nested: { 4: ['inner source'], 6: ['outer label', 'inner source', 'inner label'] },
    deep: { 4: ['inner source'], 6: ['outer label', 'inner source', 'inner label'] },
    error: { 4: ['outer source', 'outer destination'], 6: ['outer source', 'outer destination', 'outer label'] },
  },
  3: {
    plain: { 4: ['outer source', 'outer destination', 'ports'], 6: ['outer source', 'outer destination', 'outer label', 'ports'] },
    nested: {
      4: ['outer source', 'outer destination', 'inner source', 'ports'],
      6: ['outer source', 'outer destination', 'outer label', 'inner source', 'inner label', 'ports'],
    },
    deep: {
      4: ['outer source', 'outer destination', 'inner source', 'ports'],
      6: ['outer source', 'outer destination', 'outer label', 'inner source', 'inner label', 'ports'],
    },
    error: { 4: ['outer source', 'outer destination'], 6: ['outer source', 'outer destination', 'outer label'] },
  },
};

/** `IPv4 plain: outer source, outer destination`, for those fields whose values took more than one way. */
function told(groups: readonly Group[], ways: readonly number[]): string[] {
  const titles = [...new Set(groups.map(titleOf))];
  return titles.map(
    (title) => `${title}: ${groups.flatMap((group, i) => (titleOf(group) === title && ways[i]! > 1 ? group.field : [])).join(', ')}`,
  );
}

const titleOf = ({ family, shape }: Group): string => `IPv${family} ${shape}`;

const expected = (groups: readonly Group[], policy: HashPolicy): string[] => [
  ...new Set(groups.map((group) => `${titleOf(group)}: ${MOVES[policy][group.shape][group.family].join(', ')}`)),
];

const topology = spread('x_hash');
const groups = groupsOf(topology);

for (const policy of POLICIES)
  test(`simulated routers of hash policy ${policy} choose by the fields that it names`, async () => {
    assert.equal(told(groups, await waysInSimulation(topology, policy, groups)), expected(groups, policy));
  });

if (reason) skip('kernel routers choose by the same fields', reason);
else
  test('kernel routers choose by the same fields', async () => {
    await using lab = await up(topology);
    for (const policy of POLICIES) {
      await lab.behave('r1', { ...PLAIN, hashPolicy: policy });
      assert.equal(told(groups, await waysInLab(lab, groups)), expected(groups, policy), `policy ${policy}`);
    }
  });

test.run();
