/** What may be sent: the ceiling of veth links, which call themselves 10 Gb/s, and how it is raised. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, problems, runJson, tallies } from './measured.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();
const claim = (title: string, hold: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'ceiling'));
      await hold(lab);
    });
};

const probe = (lab: Lab, ...argv: readonly string[]): ReturnType<typeof runJson> => runJson(lab, ['probe', '-c', '20', '-4', ...argv]);

const told = (events: Awaited<ReturnType<typeof probe>>): string => of(events, 'problem')[0]?.message ?? '';

claim('a rate that was asked for is refused above the ceiling, with the arithmetic and the option that allows it', async (lab) => {
  const packets = await probe(lab, '-p', 'a,r1', '--rate', '50001');
  assert.equal([exitOf(packets), problems(packets), tallies(packets)], [2, ['ERR_USAGE'], []]);
  assert.match(told(packets), /--rate 50001 is above the ceiling of 50000 .*up to 2 times.* 100000 .*; --max-link-load 1\.1% allows it/);
  assert.is(exitOf(await probe(lab, '-p', 'a,r1', '--rate', '50001', '--max-link-load', '1.1%')), 0);
  const bits = await probe(lab, '-p', 'a,r1,r2,r3,d', '--size', '1500', '--rate', '5000');
  // There 1500 bytes, home 1500 but for the headers that were stripped: 20, 60, 100 and 140. 1e8 / (8 × 2920) = 4280.8.
  assert.match(
    told(bits),
    /--rate 5000 is above the ceiling of 4280 .* 2920 bytes .* 2 crossings.* 1% of the 10000 Mb\/s of to_r1; --max-link-load 1\.2%/,
  );
});

claim('the usual rate is lowered to the ceiling, and that is said', async (lab) => {
  const events = await probe(lab, '-p', 'a,r1,r2,r3,d', '--size', '1500');
  assert.equal([exitOf(events), problems(events), tallies(events).length], [0, ['RATE_LOWERED'], 4]);
  assert.match(told(events), /^The rate is 4280 packets a second, not 5000: /);
  assert.equal(problems(await probe(lab, '-p', 'a,r1,r2,r3,d', '--size', '1500', '--max-link-load', '0.02')), []);
  assert.equal(problems(await probe(lab, '-p', 'a,r1,r2,r3,d')), []);
});

test.run();
