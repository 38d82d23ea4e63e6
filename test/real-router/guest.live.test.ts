// limit: 300 s
/**
 * Sprays on another kernel than this one (Debian's 6.1: no tcx), and on devices that are no veth. How many probes a router saw is told by
 * its own tunl0. The machine is emulated: its round trips say nothing.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { linesOf, of } from '../cli/command.ts';
import { assertEvents } from '../report/schema.ts';
import { rootMissing, skip } from '../skip.ts';
import { bootGuest, type Guest } from './guest.ts';
import { machineMissing } from './machine.ts';

type Sprayed = Extract<Event, { type: 'sprayed' }>;

const BRACEROUTE = `${process.execPath} bin/braceroute.js`;
type Network = 'veth' | 'virtio' | 'e1000';
/** Printed once a spray has begun. */
const BEGUN = '"type":"spray"';
const HOUR = 3600;

const reason = rootMissing() ?? machineMissing();
if (reason) skip("Debian's kernel: sprays over veth, virtio_net and e1000", reason);
else {
  let guest: Guest;
  test.before(async () => {
    guest = await bootGuest();
    assert.is(await guest.shell('sh test/real-router/guest-network'), '');
  });
  test.after(async () => {
    await guest[Symbol.asyncDispose]();
  });

  for (const { network, sender, matcher, place } of [
    { network: 'veth', sender: 'afxdp', matcher: 'tc', place: 'tc ingress, clsact filter' },
    { network: 'virtio', sender: 'live', matcher: 'xdp', place: 'XDP, native' },
    { network: 'e1000', sender: 'inject', matcher: 'xdp', place: 'XDP, generic' },
  ] as const)
    test(`${network}: ${sender} and ${matcher} agree with the router on every probe`, async () => {
      const before = await decapsulated(guest, network);
      const sprayed = done(await spray(guest, network, `--sender ${sender} --matcher ${matcher} -c 300`));
      assertAllHome(sprayed, 300);
      assert.is((await decapsulated(guest, network)) - before, 300);
      assert.is(sprayed.sender, sender);
      assert.match(sprayed.matcher, place);
    });

  test('virtio: auto leaves the device as it is, and says what the faster senders would do to it', async () => {
    const sprayed = done(await spray(guest, 'virtio', '-c 100'));
    assertAllHome(sprayed, 100);
    assert.is(sprayed.sender, 'sendmmsg');
    assert.match(sprayed.matcher, /^tc .*eth0: tc ingress/);
    assert.match(sprayed.why.join(' '), /Not live: .*\(virtio_net\).*may reset its queues/);
    assert.not.match(await guest.shell('ip link show eth0'), 'xdp');
  });

  for (const [options, end] of [
    ['--sender live', 'its driver has no XDP transmit$'],
    ['--sender live --matcher tc', 'its driver has no XDP transmit, or only while an XDP program is on it, as --matcher xdp brings one$'],
  ])
    test(`e1000 has no XDP transmit: ${options} is refused, with the device and what is left to try`, async () => {
      const [problem] = of(await spray(guest, 'e1000', `${options} -c 100`), 'problem');
      assert.match(problem!.message, new RegExp(`--sender live .*eth2: ${end}`));
    });

  for (const seconds of [HOUR, -HOUR])
    test(`a clock that is set by ${seconds} s in mid-run changes no count and no round trip of the matcher that goes by its stamps`, async () => {
      const set = `date -s @$(($(date +%s) + ${seconds})) >/dev/null`;
      const ended = await guest.shell(
        `${begun('veth', '--sender sendmmsg --matcher pcap --duration 4')}; sleep 1; ${set}; wait $!; echo $?`,
      );
      assert.is(ended, '0');
      const events = assertEvents(linesOf(await guest.shell('cat /run/events')));
      const sprayed = done(events);
      assertAllHome(sprayed, sprayed.sent);
      assert.is(sprayed.late, 0);
      assert.ok(sprayed.rttMs!.min > 0.005 && sprayed.rttMs!.max < 2000, JSON.stringify(sprayed.rttMs));
      assert.match(
        of(events, 'problem')
          .map(({ code }) => code)
          .join(),
        'CLOCK_STEP',
      );
    });

  test('a spray that is killed leaves a filter which lets all pass; the doctor shows it, the next start removes it', async () => {
    await guest.shell(`${begun('veth', '--matcher tc --duration 60')}; kill -9 $!`);
    assert.match(await filters(guest), 'match_frame');
    await guest.shell('sleep 3.5');
    const doctor = (await guest.shell(`${BRACEROUTE} doctor`)).replaceAll(/\s+/g, ' ');
    assert.match(doctor, "a spray's matcher on near, which lets everything pass; the next spray removes it");
    assert.match(doctor, /matchers tc \(clsact filter\), xdp, pcap/);
    assertAllHome(done(await spray(guest, 'veth', '--matcher tc -c 100')), 100);
    assert.is(await filters(guest), '');
    assert.not.match(await guest.shell('tc qdisc show dev near'), 'clsact');
  });

  test('with CAP_NET_RAW alone a spray is sent and matched by libpcap, and says why not otherwise', async () => {
    const sprayed = done(await spray(guest, 'veth', '-c 100', 'setpriv --bounding-set -all,+net_raw --inh-caps -all '));
    assertAllHome(sprayed, 100);
    assert.match(sprayed.matcher, /^pcap/);
    assert.match(sprayed.why.join(' '), /Not matched by tc: .*CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN/);
  });
}

const command = (network: Network, options: string): string =>
  `${BRACEROUTE} spray --paths /run/path-${network} --map /run/map --rate 500 --json ${options}`;

async function spray(guest: Guest, network: Network, options: string, under = ''): Promise<Event[]> {
  return assertEvents(linesOf(await guest.shell(under + command(network, options))));
}

/** Behind our back, with its first count told. */
const begun = (network: Network, options: string): string =>
  `${command(network, options)} >/run/events & until grep -q '${BEGUN}' /run/events; do sleep 0.1; done`;

function done(events: readonly Event[]): Sprayed {
  const [sprayed] = of(events, 'sprayed');
  assert.ok(sprayed, JSON.stringify(of(events, 'problem')));
  return sprayed;
}

function assertAllHome({ sent, received, lost, unknown, duplicate, corrupted, drops }: Sprayed, count: number): void {
  assert.equal([sent, received, lost, unknown, duplicate, corrupted, drops], [count, count, 0, 0, 0, 0, 0]);
}

/** Packets that the router's tunnel took. */
async function decapsulated(guest: Guest, network: Network): Promise<number> {
  return Number(await guest.shell(`ip netns exec ${network} cat /sys/class/net/tunl0/statistics/rx_packets`));
}

const filters = (guest: Guest): Promise<string> => guest.shell('tc filter show dev near ingress');

test.run();
