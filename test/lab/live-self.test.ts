/** What our own stack says about probes that landed is no answer: every command, both landings and families, with accept_local too. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { up } from '../../src/lab/up.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, problems, runJson, sniffed, tallies } from './measured.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();
const COUNT = 10;

const COMMANDS: readonly (readonly string[])[] = [
  ['trace', 'd'],
  ['trace', '-r', 'd'],
  ['trace', '-s', 'r1', 'd'],
  ['probe', '-d', 'd', '-c', `${COUNT}`],
  ['probe', '-d', 'd', '-c', `${COUNT}`, '--landing', 'udp'],
  ['spray', '-d', 'd', '-c', `${COUNT}`, '--classic', '--landing', 'udp'],
];

function claim(title: string, hold: () => Promise<void>): void {
  if (reason) skip(title, reason);
  else test(title, hold);
}

claim('a vantage that accepts its own addresses from outside counts no error of its own', async () => {
  await using lab = await up({ ...fixture('line', 'self'), name: 'v_self' });
  await lab.exec('a', [
    'sysctl',
    '-qw',
    'net.ipv4.conf.all.accept_local=1',
    'net.ipv4.conf.all.rp_filter=0',
    'net.ipv4.conf.to_r1.rp_filter=0',
  ]);
  let ours = '';
  for (const family of ['-4', '-6']) {
    for (const argv of COMMANDS) {
      const work = async (): Promise<void> => {
        const events = await runJson(lab, [argv[0]!, '-i', 'any', family, ...argv.slice(1)]);
        assert.equal([exitOf(events), problems(events)], [0, []], `${argv} ${family}`);
        for (const { sent, received, errors } of tallies(events)) assert.equal([sent, received, errors], [COUNT, COUNT, {}]);
      };
      if (argv.includes('udp') && argv[0] === 'probe') ours += await sniffed(lab, 'a', ['-i', 'lo', 'icmp or icmp6'], work);
      else await work();
    }
  }
  assert.match(ours, 'udp port 33434 unreachable', 'our stack did say it, or this shows nothing');
  assert.match(ours, 'unreachable port');
});

test.run();
