/** Packets that this machine itself throws away, or cannot send: never lost by the network, and every sum holds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { up } from '../../src/lab/up.ts';
import type { Event, TallyEvent } from '../../src/report/event.ts';
import { of } from '../cli/command.ts';
import { rootMissing, skip } from '../skip.ts';
import { exitOf, problems, runJson, tallies } from './measured.ts';
import { namespaces } from './namespaces.ts';
import { fixture } from './raised.ts';

const reason = rootMissing();

function claim(title: string, hold: () => Promise<void>): void {
  if (reason) skip(title, reason);
  else test(title, hold);
}

const sum = (rows: readonly TallyEvent[], of: (row: TallyEvent) => number): number => rows.reduce((total, row) => total + of(row), 0);

interface Sums {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly unknown: number;
}

function sums(events: readonly Event[]): Sums {
  const rows = tallies(events);
  const [sent, received, lost, unknown] = [
    sum(rows, (row) => row.sent),
    sum(rows, (row) => row.received),
    sum(rows, (row) => row.lost),
    sum(rows, (row) => row.unknown),
  ];
  assert.is(sent, received + lost + unknown, JSON.stringify(rows));
  return { sent, received, lost, unknown };
}

const PATH = ['probe', '-4', '-p', 'a,r1,r2,r3,d'];

/** Packets that the queues of a's uplink threw away or refused, as tc counts them. */
const dropped = (text: string): number => Number(/dropped (\d+)/.exec(text)![1]);

claim('a queue that is full refuses probes: they wait for it, and none is lost', async () => {
  await using lab = await up({ ...fixture('line', 'queue'), name: 'v_queue' });
  await lab.exec('a', ['tc', 'qdisc', 'add', 'dev', 'to_r1', 'root', 'tbf', 'rate', '2mbit', 'burst', '2000', 'limit', '3000']);
  const events = await runJson(lab, [...PATH, '-c', '100', '--rate', '20000']);
  assert.equal(sums(events), { sent: 400, received: 400, lost: 0, unknown: 0 });
  assert.ok(dropped((await lab.exec('a', ['tc', '-s', 'qdisc', 'show', 'dev', 'to_r1'])).stdout) > 0, 'the queue was never full');
  assert.is(exitOf(events), 0);
});

claim('what our own queue takes and then throws away is unknown, not lost', async () => {
  await using lab = await up({ ...fixture('line', 'queue'), name: 'v_queue' });
  const qdiscs = ['root handle 1: tbf rate 2mbit burst 2000 limit 30000', 'parent 1:1 pfifo_head_drop limit 8'];
  for (const words of qdiscs) {
    const made = await lab.exec('a', ['tc', 'qdisc', 'add', 'dev', 'to_r1', ...words.split(' ')]);
    assert.is(made.code, 0, made.stderr);
  }
  const events = await runJson(lab, [...PATH, '-c', '200', '-t', '0.5', '--rate', '5000']);
  const { sent, lost, unknown } = sums(events);
  const drops = dropped((await lab.exec('a', ['tc', '-s', 'qdisc', 'show', 'dev', 'to_r1'])).stdout);
  assert.equal([sent, lost], [800, 0]);
  assert.ok(unknown > 0 && unknown <= drops, `${unknown} unknown of ${drops}`);
  assert.is(exitOf(events), 5);
});

const TUN_PEER = fileURLToPath(new URL('tun-peer.py', import.meta.url));

claim('what our own device drops on its way in is unknown, and no more than that', async () => {
  await using net = namespaces(['v_tun'], []);
  await net.start('v_tun', 'python3', TUN_PEER, 'tun0', '10.9.0.1/24');
  const events = await net.braceroute('v_tun', 'probe', '-p', '10.9.0.2', '-c', '400', '-t', '0.3', '--rate', '1000');
  const [row] = tallies(events);
  const { stdout } = await net.run('v_tun', 'cat', '/sys/class/net/tun0/statistics/rx_dropped');
  const { sent, received, lost, unknown } = row!;
  assert.equal([sent, received], [400, 360]);
  assert.equal([lost, unknown], [20, Number(stdout)], 'every twentieth is swallowed by the peer, every other twentieth by the device');
});

claim('an uplink that is down for a second: what it missed is unknown, the rest goes on, and when it was is told', async () => {
  await using lab = await up({ ...fixture('line', 'queue'), name: 'v_queue' });
  // Without it r1 asks for our address as its carrier comes back, and again only after a second if the first answer is lost: its loss, not ours.
  const ours = (await lab.exec('a', ['cat', '/sys/class/net/to_r1/address'])).stdout.trim();
  const known = await lab.exec('r1', ['ip', 'neigh', 'replace', '10.0.0.1', 'lladdr', ours, 'dev', 'to_a', 'nud', 'permanent']);
  assert.is(known.code, 0, known.stderr);
  const running = runJson(lab, [...PATH, '-c', '750', '--rate', '1000', '-t', '0.5']);
  await sleep(1200);
  await lab.exec('a', ['ip', 'link', 'set', 'to_r1', 'down']);
  await sleep(1000);
  await lab.exec('a', ['ip', 'link', 'set', 'to_r1', 'up']);
  const events = await running;
  const { sent, received, lost } = sums(events);
  assert.equal([sent, lost], [3000, 0]);
  assert.ok(received > 2500, `${received} of ${sent}`);
  assert.equal(problems(events), ['INTERFACE_DOWN']);
  const [, from, to] = /to_r1 was down from (\S+) UTC to (\S+) UTC/.exec(of(events, 'problem')[0]!.message)!;
  const seconds = (Date.parse(`1970-01-01T${to}Z`) - Date.parse(`1970-01-01T${from}Z`)) / 1000;
  assert.ok(seconds > 0.9 && seconds < 1.6, `${seconds} s`);
});

test.run();
