// limit: 120 s
/** `locate` on labs of real kernels: a handful of faults; test/locate/full-pass.ts has all of them. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PLAIN } from '../../src/topology/behaviour.ts';
import { locatedIn, locateIn, raised } from '../locate/in-lab.ts';
import { assertNamed, everyDirection, verdictIn } from '../locate/located.ts';
import { rootMissing, skip } from '../skip.ts';
import { fixture } from './raised.ts';

const CASES = [
  { profile: 'lab', family: 4, loss: 0.05, at: 13 },
  { profile: 'stock', family: 6, loss: 1, at: 7 },
  { profile: 'stock', family: 4, loss: 0.3, at: 16 },
] as const;

const reason = rootMissing();
for (const { profile, family, loss, at } of CASES) {
  const title = `demo, ${profile}, IPv${family}: ${loss * 100} % lost in one direction is named, and without it all is clear`;
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      const topology = fixture('demo', `locate_${profile}_${family}`, { profile });
      await using lab = await raised(topology);
      const wrong = everyDirection(topology, loss)[at]!;
      assertNamed(topology, family, wrong, await locatedIn(lab, 'demo', family, wrong));
      if (profile === 'lab') assert.is(verdictIn(await locateIn(lab, ['--topology', 'demo', `-${family}`])).kind, 'clear');
    });
}

for (const [name, filter, router, family] of [
  ['demo', 'strict-urpf', 'r6', 4],
  ['demo', 'own-prefix', 'r6', 6],
  ['asymmetric', 'strict-urpf', 'r2', 4], // no router there has an IPv4 address that passes: IPv6 tells
] as const) {
  const title = `${name}, stock, IPv${family}: ${filter} at ${router} is said to be a source check there, and no link is blamed`;
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await raised(fixture(name, `${filter.slice(0, 3)}_${router}`, { profile: 'stock' }));
      await lab.behave(router, { ...PLAIN, filters: [filter] });
      const { kind, suspects, unknown } = verdictIn(await locateIn(lab, ['--topology', name, `-${family}`]));
      assert.equal([kind, suspects], ['unknown', []]);
      assert.ok(
        unknown.some(({ why }) => why.startsWith(`filter: source check at ${router}: `)),
        JSON.stringify(unknown),
      );
    });
}

test.run();
