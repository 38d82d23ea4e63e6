// limit: 120 s
/** Routers that are Debian's own kernel, with its own tunnels, limits and netem: a judge from outside our lab. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeOf } from '../../src/topology/lookup.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { FamilyNumber } from '../../src/wire/address.ts';
import { COMMAND, eventsOf, of, type Ran, runArgv } from '../cli/command.ts';
import { fixture } from '../lab/raised.ts';
import { rootMissing, skip } from '../skip.ts';
import { boot, type Machine, machineMissing, on } from './machine.ts';

const TOPOLOGY = fixture('demo', 'real');
const FAMILIES: readonly FamilyNumber[] = [4, 6];
/** An emulated machine forwards each probe ten times and more: faster ones would be lost in its own queues. */
const RATE = '1000';
const reason = rootMissing() ?? machineMissing();

const addressOf = (node: string, family: FamilyNumber): string => TOPOLOGY.nodes.find(({ name }) => name === node)!.loopback[family];
const nameOf = (address: string | null): string => (address === null ? '*' : (nodeOf(TOPOLOGY, address)?.name ?? address));
const command = ({ namespace }: Machine, argv: readonly string[]): Promise<Ran> =>
  runArgv(['ip', 'netns', 'exec', namespace, ...COMMAND, ...argv, '--json']);

/** The path that a command found, us first. */
const pathOf = (ran: Ran): string => of(eventsOf(ran), 'path')[0]!.hops.map(nameOf).join(' ');

function assertShortest(path: string, from: string, to: string, family: FamilyNumber): void {
  const ways = shortestPaths(TOPOLOGY, from, to, family).map((way) => way.join(' '));
  assert.ok(ways.includes(path), `IPv${family}: ${path} is none of ${ways.join(' | ')}`);
}

if (reason) skip('Debian routers: all commands against tunl0, ip6tnl0 and netem', reason);
else {
  let machine: Machine;
  test.before(async () => {
    machine = await boot(TOPOLOGY);
  });
  test.after(async () => {
    await machine[Symbol.asyncDispose]();
  });

  for (const family of FAMILIES) {
    test(`IPv${family}: the way there, the way back and the way between follow the routers' routes`, async () => {
      const [r1, d] = [addressOf('r1', family), addressOf('d', family)];
      assertShortest(pathOf(await command(machine, [d])), 'a', 'd', family);
      assertShortest(pathOf(await command(machine, ['-r', d])).replace(/^a /, ''), 'd', 'a', family);
      assertShortest(pathOf(await command(machine, ['-s', r1, d])).replace(/^a /, ''), 'r1', 'd', family);
    });

    test(`IPv${family}: every boomerang comes home through the kernel's own tunnel devices`, async () => {
      const ran = await command(machine, [
        'probe',
        '-s',
        addressOf('r1', family),
        '-d',
        addressOf('d', family),
        '-c',
        '200',
        '--rate',
        RATE,
      ]);
      const rows = of(eventsOf(ran), 'tally');
      assert.is(ran.code, 0, ran.stdout);
      assert.is(nameOf(rows.at(-1)!.address), 'd');
      assert.equal(
        rows.map(({ received }) => received),
        rows.map(() => 200),
      );
    });

    test(`IPv${family}: loss by netem appears at the hop behind it, as large as netem counts it`, async () => {
      await machine.shell(on(TOPOLOGY, 'r4', 'tc qdisc add dev to_r5 root netem loss 10%'));
      const ran = await command(machine, [
        'probe',
        '-s',
        addressOf('r1', family),
        '-d',
        addressOf('d', family),
        '-c',
        '1000',
        '-t',
        '1',
        '--rate',
        RATE,
      ]);
      const told = await machine.shell(on(TOPOLOGY, 'r4', 'tc -s qdisc show dev to_r5'));
      await machine.shell(on(TOPOLOGY, 'r4', 'tc qdisc del dev to_r5 root'));
      const dropped = Number(/dropped (\d+)/.exec(told)![1]);
      const rows = of(eventsOf(ran), 'tally');
      const behind = rows.findIndex(({ address }) => nameOf(address) === 'r5');
      assert.equal(
        rows.slice(0, behind).map(({ lost }) => lost),
        rows.slice(0, behind).map(() => 0),
      );
      const lost = rows.slice(behind).reduce((sum, row) => sum + row.lost, 0);
      assert.ok(dropped > 100 && Math.abs(dropped - lost) <= 5, `netem dropped ${dropped}, counted as lost were ${lost}: ${told}`); // the search's own probes too
    });
  }

  test('a router whose tunnel device is down is said not to decapsulate, and deeper hops are probed past it', async () => {
    await machine.shell(on(TOPOLOGY, 'r4', 'ip link set tunl0 down'));
    const ran = await command(machine, ['probe', '-s', addressOf('r1', 4), '-d', addressOf('d', 4), '-c', '50', '--rate', RATE]);
    await machine.shell(on(TOPOLOGY, 'r4', 'ip link set tunl0 up'));
    const events = eventsOf(ran);
    assert.ok(of(events, 'problem').some(({ code, message }) => code === 'NO_DECAPSULATION' && message.includes(' does not decapsulate')));
    assert.is(of(events, 'tally').at(-1)!.received, 50);
  });

  test('behind a router whose rp_filter is strict nothing is called loss: what comes home no more is unknown (filter)', async () => {
    await machine.shell(on(TOPOLOGY, 'r4', 'sysctl -q -w net.ipv4.conf.all.rp_filter=1'));
    const ran = await command(machine, ['probe', '-s', addressOf('r1', 4), '-d', addressOf('d', 4), '-c', '50', '--rate', RATE]);
    await machine.shell(on(TOPOLOGY, 'r4', 'sysctl -q -w net.ipv4.conf.all.rp_filter=0'));
    const rows = of(eventsOf(ran), 'tally');
    assert.equal(
      rows
        .map(({ address, state, received, lost }) => [nameOf(address), state, received, lost])
        .filter(([name]) => name !== 'r2' && name !== 'r3'),
      [['r1', 'visited', 50, 0], ['r4', 'filtered', 0, 0], ...['r5', 'd'].map((name) => [name, 'filtered', 0, 0])],
      ran.stdout,
    );
    assert.is(ran.code, 5);
  });
}

test.run();
