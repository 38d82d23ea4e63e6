/** NAT between us and the routers: what quotes show of it is told before loss is measured; a plain trace goes on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, hopsOf, problems, runJson, tallies } from './measured.ts';
import { fixture } from './raised.ts';

/** r1 translates what leaves to r2 into its own loopback address, by rewriting alone: nobody translates the quotes of ICMP errors back (RFC 5508 wants it). */
const STATELESS = {
  4: { match: 'ip', us: '10.0.0.1', seen: '10.255.0.2' },
  6: { match: 'ip6', us: 'fd00::1', seen: 'fd00:255::2' },
} as const;

const stateless = ({ match, us, seen }: (typeof STATELESS)[4 | 6]): string => `
table inet l_nat {
  chain out {
    type filter hook postrouting priority 300;
    oifname "to_r2" ${match} saddr ${us} ${match} saddr set ${seen}
  }
}
table netdev l_nat {
  chain in {
    type filter hook ingress device "to_r2" priority 0;
    ${match} daddr ${seen} ${match} daddr set ${us}
  }
}
`;

/** Linux's own: it follows connections, and translates quotes too. */
const masquerade = (oifname: string): string => `
table ip l_nat {
  chain post {
    type nat hook postrouting priority srcnat;
    ${oifname} masquerade
  }
}
`;

async function load(lab: Lab, rules: string): Promise<void> {
  const { code, stderr } = await lab.exec('r1', ['nft', '-f', '-'], { input: `flush ruleset\n${rules}` });
  assert.is(code, 0, stderr);
}

const message = (events: Awaited<ReturnType<typeof runJson>>): string =>
  of(events, 'problem')
    .map((problem) => problem.message)
    .join('\n');

const reason = rootMissing();
const claim = (title: string, hold: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'nat'));
      await hold(lab);
    });
};

claim('a translation that quotes show ends a probe with 4 and its address, and is a note of a trace', async (lab) => {
  for (const family of [4, 6] as const) {
    const { us, seen } = STATELESS[family];
    await load(lab, stateless(STATELESS[family]));
    const traced = await runJson(lab, [`-${family}`, 'd']);
    assert.equal([exitOf(traced), hopsOf(traced).length, problems(traced)], [0, 4, ['NAT']]);
    assert.match(message(traced), `${us} is seen as ${seen}`);
    const probed = await runJson(lab, ['probe', `-${family}`, '-d', 'd', '-t', '0.5']);
    assert.equal([exitOf(probed), tallies(probed).length, problems(probed)], [4, 0, ['NAT']]);
    assert.match(message(probed), `${us} is seen as ${seen}`);
  }
});

claim('a translation of what comes home is seen on the landing itself, and is no loss', async (lab) => {
  await load(lab, masquerade(''));
  const probed = await runJson(lab, ['probe', '-p', 'a,r1,r2', '-t', '0.5', '-4']);
  assert.equal([exitOf(probed), tallies(probed).length, problems(probed)], [4, 0, ['NAT']]);
});

claim(
  'a translation that hides itself in quotes leaves a trace as it is, and what dies behind it is named as unknown, with NAT among the causes',
  async (lab) => {
    await load(lab, masquerade('oifname "to_r2"'));
    for (const node of ['r2', 'r3', 'd']) await lab.exec(node, ['ip', 'route', 'replace', 'blackhole', '10.0.0.0/30']); // our address is known to r1 alone
    const traced = await runJson(lab, ['-4', 'd']);
    assert.equal([exitOf(traced), hopsOf(traced).length, problems(traced)], [0, 4, []]);
    const reverse = await runJson(lab, ['-4', '-r', '-m', '4', '-t', '0.3', 'd']);
    assert.equal([exitOf(reverse), problems(reverse)], [1, ['SILENCE']]);
    assert.match(message(reverse), 'NAT');
  },
);

test.run();
