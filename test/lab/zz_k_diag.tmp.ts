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

rooted('a packet out of turn comes behind those sent within 1 ms after it, and before all others', async (lab) => {
  for (const delayMs of [0, 5, 0, 5,0,5]) {
    await lab.fault('r1-r2', 'r1', fault({ reorder: 0.2, delayMs }));
    const crossed = await across(lab, TARGETS[0], { count: 500, gapMs: 0.3, size: 20 }, 'relay');
    assert.is(crossed.filter(({ arrivedMs }) => arrivedMs !== null).length, 500);
    const place = new Map(crossed.map(({ id }, i) => [id, i]));
    const sentMs = new Map(crossed.map((packet) => [packet.id, packet.sentMs]));
    const ids = Array.from({ length: 490 }, (_, id) => id);
    const overtakers = (id: number): number[] => [1, 2, 3, 4, 5, 6, 7, 8].filter((step) => place.get(id + step)! < place.get(id)!);
    const late = new Set(ids.filter((id) => overtakers(id).length > 0));
    assert.ok(Math.abs(late.size - 98) < 3.89 * Math.sqrt(490 * 0.16), `${late.size} of 490`); // 99.99 % of the binomial of 490 and 0.2
    const after = (id: number, step: number): number => sentMs.get(id + step)! - sentMs.get(id)!;
    for (const id of late) {
      assert.ok(
        overtakers(id).every((step) => after(id, step) < 1.2),
        JSON.stringify({id, ov: overtakers(id).map((st) => [st, after(id, st)]), around: crossed.slice(place.get(id)!-8, place.get(id)!+3).map(c=>[c.id, c.sentMs-sentMs.get(id)!, c.arrivedMs!-sentMs.get(id)!])}),
      );
      const due = [1, 2, 3, 4].filter((step) => after(id, step) < 0.8 && !late.has(id + step));
      assert.ok(
        due.every((step) => overtakers(id).includes(step)),
        `${id}`,
      );
    }
  }
});


test.run();
