// limit: 120 s
/** Links that hold packets: what ping, traceroute and tcpdump measure of delay, jitter, rate, policer and packets out of turn. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { attach } from '../../src/lab/attach.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { list } from '../../src/lab/list.ts';
import { up } from '../../src/lab/up.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { rootMissing, skip } from '../skip.ts';
import { sniffed } from './measured.ts';
import { NESTED } from './nested.ts';
import { direction, exchange, fixture, ping } from './raised.ts';

const reason = rootMissing();
let shared: Lab | null = null;
test.before(async () => {
  if (reason === null) shared = await up(fixture('line', 'relay'));
});
test.after(() => shared?.down());

const rooted = (title: string, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await shared!.fault('r1-r2', null, 'clear');
      await work(shared!);
    });
};

const fault = (part: Partial<Fault>): Fault => ({ ...NO_FAULT, ...part });
const TARGETS = ['10.255.0.5', 'fd00:255::5'] as const;

/** Round trips of pings from a, in milliseconds, in the order of their numbers. */
async function roundTrips(lab: Lab, target: string, count: number): Promise<number[]> {
  const { stdout } = await lab.exec('a', ['ping', '-n', '-c', `${count}`, '-i', '0.01', '-W', '0.5', target], { timeoutMs: 20_000 });
  const all = [...stdout.matchAll(/icmp_seq=(\d+) .*time=([\d.]+) ms/g)].sort((one, two) => Number(one[1]) - Number(two[1]));
  return all.map(([, , time]) => Number(time));
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Never early, and at most 1 ms late but for those that a busy machine kept. */
function assertTakes(times: readonly number[], count: number, delayMs: number): void {
  const all = `${delayMs} ms: ${times.join(' ')}`;
  assert.is(times.length, count, all);
  assert.ok(
    times.every((time) => time >= delayMs),
    all,
  );
  assert.ok(median(times) <= delayMs + 1, all);
}

/** Sends datagrams to ports from 20000 on, so far apart. */
const SENDER = `
import socket, sys, time
target, count, gap, size = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
out = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM)
out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
begin = time.monotonic()
for i in range(count):
    while time.monotonic() < begin + i * gap: pass
    out.sendto(bytes(size), (target, 20000 + i))
`;

interface Crossed {
  readonly id: number;
  readonly sentMs: number;
  /** Null: it did not arrive. */
  readonly arrivedMs: number | null;
}

/** Where tcpdump sees a datagram before r1-r2: as it comes in at r1, or as r1 hands it to the relay, which is the instant that counts. */
const BEFORE = { router: ['-Q', 'in', '-i', 'to_a'], relay: ['-Q', 'out', '-i', 'any'] };

/** When each was seen there, and behind the link; in the order of arrival, the lost ones last. */
async function across(lab: Lab, target: string, traffic: Traffic, seen: keyof typeof BEFORE = 'router'): Promise<Crossed[]> {
  const { count, gapMs, size } = traffic;
  const watch = (node: string, where: readonly string[], work: () => Promise<unknown>): Promise<string> =>
    sniffed(lab, node, ['-tt', '--time-stamp-precision=nano', ...where, 'udp and dst portrange 20000-29999'], work);
  let behind = '';
  const before = await watch('r1', BEFORE[seen], async () => {
    behind = await watch('r2', ['-Q', 'in', '-i', 'to_r1'], async () => {
      const { code, stderr } = await lab.exec('a', ['python3', '-c', SENDER, target, `${count}`, `${gapMs / 1000}`, `${size}`]);
      assert.is(code, 0, stderr);
    });
  });
  const sent = stampsOf(before, seen === 'relay' ? 'relay\\d+ +Out ' : '');
  const arrived = stampsOf(behind, '');
  const lost = [...sent].filter(([id]) => !arrived.has(id));
  return [
    ...[...arrived].map(([id, arrivedMs]) => ({ id, sentMs: sent.get(id)!, arrivedMs })),
    ...lost.map(([id, sentMs]) => ({ id, sentMs, arrivedMs: null })),
  ];
}

interface Traffic {
  readonly count: number;
  readonly gapMs: number;
  readonly size: number;
}

/** Port → time; IPv4 has it on the line behind. */
const stampsOf = (printed: string, on: string): Map<number, number> =>
  new Map(
    [...printed.matchAll(new RegExp(String.raw`^(\d+)(\.\d+) +${on}IP6? .*(?:\n\s+|\) )\S+ > \S+\.(2\d{4}):`, 'gm'))].map(
      ([, seconds, fraction, port]) => [Number(port) - 20_000, (Number(seconds) % 100_000) * 1000 + Number(fraction) * 1000],
    ),
  );

rooted('a delay of 20 ms is one of 20 to 21 ms for ping, in each family and direction, and no packet is lost or uncounted', async (lab) => {
  for (const [i, from] of (['r1', 'r2', null] as const).entries()) {
    await lab.fault('r1-r2', null, 'clear');
    await lab.fault('r1-r2', from, fault({ delayMs: 20 }));
    for (const target of TARGETS) assertTakes(await roundTrips(lab, target, 15), 15, i === 2 ? 40 : 20);
    const counters = await lab.counters();
    assert.equal(
      counters.links.map(({ from: sender, seen, lost }) => [sender, seen, lost]),
      (from === null ? ['r1', 'r2'] : [from]).map((sender) => [sender, 30, 0]),
    );
  }
});

rooted('traceroute sees the delay from the hop behind it on', async (lab) => {
  await lab.fault('r1-r2', 'r1', fault({ delayMs: 20 }));
  for (const target of TARGETS) {
    const { stdout } = await lab.exec('a', ['traceroute', '-n', '-q', '9', '-N', '1', '-w', '1', target], { timeoutMs: 20_000 });
    const hops = stdout
      .split('\n')
      .flatMap((line) => (/^ *\d+ /.test(line) ? [[...line.matchAll(/([\d.]+) ms/g)].map(([, ms]) => Number(ms))] : []));
    assert.is(hops.length, 4, stdout);
    assertTakes(hops[0]!, 9, 0);
    for (const hop of hops.slice(1)) assertTakes(hop, 9, 20);
  }
});

rooted('jitter spreads the delay over its range and keeps the order, as tcpdump sees it on both sides', async (lab) => {
  for (const target of TARGETS) {
    await lab.fault('r1-r2', 'r1', fault({ delayMs: 5, jitterMs: 10 }));
    const crossed = await across(lab, target, { count: 300, gapMs: 1, size: 20 });
    assert.equal(
      crossed.map(({ id }) => id),
      Array.from({ length: 300 }, (_, i) => i),
    );
    const waits = crossed.map(({ sentMs, arrivedMs }) => arrivedMs! - sentMs);
    assert.ok(Math.min(...waits) >= 5, `${Math.min(...waits)}`);
    assert.ok(median(waits) > 10 && median(waits) < 15.5, `${median(waits)}`); // who waits long holds up those behind
    assert.ok(Math.min(...waits) < 11 && Math.max(...waits) > 14, `${Math.min(...waits)} to ${Math.max(...waits)}`);
  }
});

rooted('a packet out of turn comes behind those sent within 1 ms after it, and before all others', async (lab) => {
  for (const delayMs of [0, 5]) {
    await lab.fault('r1-r2', 'r1', fault({ reorder: 0.2, delayMs }));
    const crossed = await across(lab, TARGETS[0], { count: 500, gapMs: 0.3, size: 20 }, 'relay');
    assert.is(crossed.filter(({ arrivedMs }) => arrivedMs !== null).length, 500);
    const before = (id: number): Crossed[] =>
      crossed.slice(
        0,
        crossed.findIndex((packet) => packet.id === id),
      );
    const late = crossed.map((packet) => ({ packet, overtakers: before(packet.id).filter(({ id }) => id > packet.id) }));
    const overtaken = late.filter(({ overtakers }) => overtakers.length > 0);
    const chance = 3.89 * Math.sqrt(500 * 0.16); // 99.99 % of the binomial of 500 and 0.2; where the sender paused nobody overtakes
    assert.ok(overtaken.length > 80 - chance && overtaken.length < 100 + chance, `${overtaken.length} of 500`);
    for (const { packet, overtakers } of overtaken) {
      const after = ({ sentMs }: Crossed): number => sentMs - packet.sentMs;
      assert.ok(
        overtakers.every((other) => after(other) < 1.2),
        JSON.stringify({ packet, overtakers }),
      );
      // in its turn is, for certain, what was faster than anyone who is held
      const inTurn = crossed.filter(({ id, sentMs, arrivedMs }) => id > packet.id && delayMs === 0 && arrivedMs! - sentMs < 0.9);
      const due = inTurn.filter((other) => after(other) < 0.8);
      assert.ok(
        due.every((other) => overtakers.includes(other)),
        JSON.stringify({ packet, overtakers, due }),
      );
    }
  }
});

rooted('1 Mbit/s lets 500 bytes through every 4 ms, 26 of a burst, and the counters tell how many more there were', async (lab) => {
  for (const [target, headers] of [
    [TARGETS[0], 28],
    [TARGETS[1], 48],
  ] as const) {
    await lab.fault('r1-r2', 'r1', fault({ rate: 1_000_000 }));
    const crossed = await across(lab, target, { count: 100, gapMs: 0, size: 500 - headers });
    const arrived = crossed.flatMap(({ arrivedMs }) => arrivedMs ?? []);
    const tookMs = Math.max(...crossed.map(({ sentMs }) => sentMs)) - Math.min(...crossed.map(({ sentMs }) => sentMs));
    const fit = Math.floor((100 + tookMs) / 4) + 1; // the last of them waits for up to 100 ms, and leaves room as the burst goes on
    assert.ok(arrived.length >= 26 && arrived.length <= fit + 1, `${arrived.length} of ${fit}, in ${tookMs} ms`);
    const gaps = arrived.slice(1).map((time, i) => time - arrived[i]!);
    assert.ok(Math.abs(median(gaps) - 4) < 0.2, gaps.join(' '));
    assert.ok(arrived.at(-1)! - arrived[0]! > 4 * (arrived.length - 1) - 1, `${arrived.at(-1)! - arrived[0]!} ms`); // never more than its rate
    const { seen, lost } = direction(await lab.counters(), 'r1', 'r2')!;
    assert.equal([seen, lost], [100, 100 - arrived.length]);
  }
});

rooted('a policer of 200 a second, 20 at once, passes what a bucket of tokens would, by the stamps of tcpdump', async (lab) => {
  for (const target of TARGETS) {
    await lab.fault('r1-r2', 'r1', fault({ policer: { perSecond: 200, burst: 20 } }));
    const crossed = await across(lab, target, { count: 200, gapMs: 1, size: 20 });
    let [tokens, lastMs, fit] = [20, 0, 0];
    for (const { sentMs } of [...crossed].sort((one, two) => one.id - two.id)) {
      tokens = Math.min(20, tokens + (lastMs === 0 ? 0 : (sentMs - lastMs) * 0.2));
      lastMs = sentMs;
      if (tokens < 1) continue;
      tokens -= 1;
      fit += 1;
    }
    const arrived = crossed.filter(({ arrivedMs }) => arrivedMs !== null).length;
    assert.ok(Math.abs(arrived - fit) <= 2, `${arrived} and ${fit}`);
    const { seen, lost } = direction(await lab.counters(), 'r1', 'r2')!;
    assert.equal([seen, lost], [200, 200 - arrived]);
  }
});

rooted('losses and copies are counted as ever while packets are held', async (lab) => {
  await lab.fault('r1-r2', 'r1', fault({ exact: { lost: 1, of: 10 }, delayMs: 3 }));
  assert.is((await ping(lab, 'a', TARGETS[0], 200)).received, 180);
  assert.equal([direction(await lab.counters(), 'r1', 'r2')?.seen, direction(await lab.counters(), 'r1', 'r2')?.lost], [200, 20]);
  await lab.fault('r1-r2', 'r1', fault({ duplicate: 1, delayMs: 3 }));
  const { sent, lands } = NESTED[0]!;
  assert.equal(await exchange(lab, 'a', [sent, sent, sent]), Array(6).fill(lands));
  assert.is(direction(await lab.counters(), 'r1', 'r2')?.duplicated, 3);
});

/** Sends 5 MB and prints how many came. */
const SERVE = `
import socket, threading
server = socket.create_server(("", 5001)); print("ready", flush=True)
flow, _ = server.accept(); count = 0
while part := flow.recv(1 << 20): count += len(part)
print(count)`;
const SEND = 'import socket; flow = socket.create_connection(("10.255.0.5", 5001)); flow.sendall(bytes(5_000_000)); flow.close()';

rooted(
  'what the sending kernel leaves to the device, checksums and segments, is made up for: TCP goes over a link that delays',
  async (lab) => {
    await lab.fault('r1-r2', null, fault({ delayMs: 2 }));
    const served = lab.exec('d', ['python3', '-c', SERVE], { timeoutMs: 20_000 });
    const sent = await lab.exec('a', [
      'sh',
      '-c',
      'for i in 1 2 3 4 5 6 7 8 9; do python3 -c "$0" 2>/dev/null && exit; sleep 0.2; done; exit 1',
      SEND,
    ]);
    assert.is(sent.code, 0);
    assert.is((await served).stdout, 'ready\n5000000\n');
  },
);

/** What a node has of addresses, routes, settings and devices. */
async function shown(lab: Lab, node: string): Promise<string[]> {
  const script = 'ip -o link; ip -o addr; ip -4 route show table all; ip -6 route show table all; cat /proc/sys/net/ipv6/conf/to_*/mtu';
  const { stdout } = await lab.exec(node, ['sh', '-c', script]);
  const lines = stdout.split('\n').map((line) => line.trim());
  return lines.filter((line) => !/ expires | cache /.test(line)).sort();
}

rooted('faults come and go in any order, and leave addresses, routes and devices as they were', async (lab) => {
  const before = [await shown(lab, 'r1'), await shown(lab, 'r2')];
  await lab.fault('r1-r2', 'r1', fault({ delayMs: 2, mtu: 1400 }));
  await lab.fault('r1-r2', 'r2', fault({ jitterMs: 1, mtu: 1300 }));
  await lab.fault('r1-r2', null, 'down');
  assert.is((await ping(lab, 'a', TARGETS[0], 2)).received, 0);
  await lab.fault('r1-r2', 'r1', 'clear'); // the link is one: it comes up
  for (const target of TARGETS) assert.is((await ping(lab, 'a', target, 20)).received, 20);
  await lab.fault('r1-r2', 'r1', fault({ loss: 0.5 }));
  await lab.fault('r1-r2', null, 'clear');
  assert.equal([await shown(lab, 'r1'), await shown(lab, 'r2')], before);
  for (const target of TARGETS) assert.is((await ping(lab, 'a', target, 20)).received, 20);
});

const forgetMtus = async (lab: Lab, node: string): Promise<void> => {
  for (const family of ['-4', '-6']) await lab.exec(node, ['ip', family, 'route', 'flush', 'cache']);
};

/** Too large by itself, and what is told of it. */
async function tooLarge(lab: Lab, node: string, target: string, mtu: number): Promise<string> {
  const headers = target.includes(':') ? 48 : 28;
  await forgetMtus(lab, node);
  const { stdout } = await lab.exec(node, ['ping', '-n', '-c', '1', '-W', '0.3', '-M', 'do', '-s', `${mtu + 1 - headers}`, target]);
  const fits = await lab.exec(node, ['ping', '-n', '-c', '1', '-W', '1', '-M', 'do', '-s', `${mtu - headers}`, target]);
  assert.match(fits.stdout, / 1 received/);
  return /^From .*$/m.exec(stdout)?.[0] ?? (/ 1 received/.test(stdout) ? 'arrives' : stdout);
}

rooted('a smaller MTU is told of by the router before it, in its direction, and with its number', async (lab) => {
  const HOME = ['10.255.0.1', 'fd00:255::1'];
  const told = async (node: string, targets: readonly string[], mtu: number): Promise<string[]> =>
    Promise.all(targets.map((target) => tooLarge(lab, node, target, mtu)));
  const by = (four: string, six: string, mtu: number): string[] => [
    `From ${four} icmp_seq=1 Frag needed and DF set (mtu = ${mtu})`,
    `From ${six} icmp_seq=1 Packet too big: mtu=${mtu}`,
  ];
  await lab.fault('r1-r2', null, fault({ mtu: 1400 }));
  assert.equal(await told('a', TARGETS, 1400), by('10.0.0.2', 'fd00::2', 1400));
  assert.equal(await told('d', HOME, 1400), by('10.0.2.1', 'fd00:0:2::1', 1400));
  await lab.fault('r1-r2', 'r2', NO_FAULT);
  await lab.fault('r1-r2', 'r1', fault({ mtu: 1280 }));
  assert.equal(await told('a', TARGETS, 1280), by('10.0.0.2', 'fd00::2', 1280));
  await forgetMtus(lab, 'd');
  const arriving = await sniffed(lab, 'a', ['-Q', 'in', '-i', 'to_r1', 'greater 1500'], () =>
    Promise.all(
      HOME.map((target) => lab.exec('d', ['ping', '-c', '1', '-W', '0.2', '-s', target.includes(':') ? '1452' : '1472', target])),
    ),
  );
  assert.is([...arriving.matchAll(/echo request/g)].length, 2, arriving);
});

rooted('where an IPv4 route has several next hops, one direction alone gets no MTU of its own', async () => {
  await using ecmp = await up(fixture('ecmp4', 'relay_ecmp'));
  const refused = await ecmp.fault('r1-m2', 'r1', fault({ mtu: 1400 })).catch((error: Error) => error.message);
  assert.match(`${refused}`, /r1-m2 can't carry 1400 bytes one way and 1500 the other: r1 has routes .* leave the direction out/);
  assert.equal((await ecmp.counters()).links, []);
  await ecmp.fault('r1-m2', null, fault({ mtu: 1400 }));
});

const SLOW =
  '{name: x, nodes: {a: {vantage: true}, r1: {}, d: {}}, links: [{between: [a, r1], delayMs: 3, jitterMs: 1}, {between: [r1, d]}]}';

const rootedAlone = (title: string, work: () => Promise<void>): void => (reason ? skip(title, reason) : test(title, work));

rootedAlone("a topology's own delay is there from the beginning, stays under faults, and outlives them", async () => {
  await using lab = await up({ ...parseTopology(SLOW, 'x'), name: 't_slow' });
  const takes = async (least: number, most: number): Promise<void> => {
    for (const target of ['10.255.0.3', 'fd00:255::3']) {
      const times = await roundTrips(lab, target, 20);
      assert.is(times.length, 20);
      assert.ok(Math.min(...times) >= least && median(times) <= most, times.join(' '));
    }
  };
  await takes(6, 9);
  await lab.fault('a-r1', 'a', fault({ delayMs: 10 }));
  await takes(16, 19);
  await lab.fault('a-r1', null, 'clear');
  await takes(6, 9);
  await lab.fault('r1-d', null, fault({ delayMs: 1 }));
  await takes(8, 11);
});

/** Processes that carry the lab's mark. */
const marked = (name: string): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`BEACON_LAB=${name}\0`);
    } catch {
      return false;
    }
  });

rootedAlone('a link whose relay was killed is dead, not wrong; list says so, and clear mends it', async () => {
  await using lab = await up(fixture('line', 'killed'));
  await lab.fault('r1-r2', null, fault({ delayMs: 2 }));
  const [relay, ...others] = marked('t_killed');
  assert.equal(others, []);
  process.kill(Number(relay), 'SIGKILL');
  while (marked('t_killed').length > 0);
  assert.is((await ping(lab, 'a', TARGETS[0], 5)).received, 0);
  const listed = (): readonly string[] | undefined => list().find(({ name }) => name === 't_killed')?.dead;
  assert.equal(listed(), ['r1-r2']);
  await lab.fault('r1-r2', null, 'clear');
  assert.equal(listed(), []);
  assert.is((await ping(lab, 'a', TARGETS[0], 5)).received, 5);
  await lab.fault('r1-r2', null, fault({ delayMs: 2 }));
  assertTakes(await roundTrips(lab, TARGETS[1], 5), 5, 4);
});

const RAISE = `import { up } from './src/lab/up.ts'; import { fixture } from './test/lab/raised.ts'; import { NO_FAULT } from './src/topology/fault.ts';
const lab = await up(fixture('line', 'orphan')); await lab.fault('r1-r2', null, { ...NO_FAULT, delayMs: 2 }); process.kill(process.pid, 'SIGKILL');`;

rootedAlone('a relay outlives the killed process that began it, and down leaves nothing of it', async () => {
  const before = execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' });
  spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', RAISE], { stdio: 'inherit' });
  const lab = attach('t_orphan');
  assertTakes(await roundTrips(lab, TARGETS[0], 5), 5, 4);
  await lab.down();
  assert.equal(marked('t_orphan'), []);
  assert.equal(
    readdirSync('/run/netns').filter((name) => name.startsWith('beacon-t_orphan-')),
    [],
  );
  assert.is(existsSync('/run/beacon/t_orphan.json'), false);
  assert.is(execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' }), before);
});

test.run();
