// limit: 240 s
/** Faults do what they say, to the packet, in the direction they say: ping and sockets see what the kernel's counters tell. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lab } from '../../src/lab/lab.ts';
import { up } from '../../src/lab/up.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import { rootMissing, skip } from '../skip.ts';
import { NESTED } from './nested.ts';
import { direction, exchange, fixture, ping, stripped } from './raised.ts';

const reason = rootMissing();
const rooted = (title: string, work: (lab: Lab) => Promise<void>): void => {
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'fault'));
      await work(lab);
    });
};

const fault = (part: Partial<Fault>): Fault => ({ ...NO_FAULT, ...part });
const TARGETS = ['10.255.0.5', 'fd00:255::5'];

rooted('exactly 1 in 10 is lost, in the direction told, in each family', async (lab) => {
  for (const target of TARGETS)
    for (const [from, to] of [
      ['r1', 'r2'],
      ['r2', 'r1'],
    ] as const) {
      await lab.fault('r1-r2', from, fault({ exact: { lost: 1, of: 10 } }));
      assert.is((await ping(lab, 'a', target, 200)).received, 180);
      const counters = await lab.counters();
      assert.equal(direction(counters, from, to), {
        link: 'r1-r2',
        from,
        to,
        seen: 200,
        lost: 20,
        flowLost: 0,
        duplicated: 0,
        corrupted: 0,
      });
      assert.is(direction(counters, to, from), undefined);
      await lab.fault('r1-r2', from, 'clear');
    }
});

rooted('any share of any number of packets is lost, the last ones of each run', async (lab) => {
  const shares = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat(12), fc.integer({ min: 1, max: 40 }));
  await fc.assert(
    fc.asyncProperty(shares, async ([of, some, count]) => {
      const lost = Math.min(some, of);
      await lab.fault('r2-r3', 'r2', fault({ exact: { lost, of } }));
      const whole = Math.floor(count / of);
      const expected = whole * lost + Math.max(0, (count % of) - (of - lost));
      assert.is((await ping(lab, 'a', TARGETS[0]!, count)).received, count - expected);
      assert.is(direction(await lab.counters(), 'r2', 'r3')?.lost, expected);
    }),
    { numRuns: 12 },
  );
});

rooted('random loss is what the counters say, and near what was asked', async (lab) => {
  await lab.fault('r1-r2', 'r1', fault({ loss: 0.1 }));
  const { received } = await ping(lab, 'a', TARGETS[0]!, 1000);
  const counted = direction(await lab.counters(), 'r1', 'r2')!;
  assert.is(counted.seen, 1000);
  assert.is(received, 1000 - counted.lost);
  assert.ok(counted.lost >= 65 && counted.lost <= 139, `${counted.lost} of 1000`); // 99.99 % of the binomial of 1000 and 0.1
});

rooted('without a direction both are hit', async (lab) => {
  await lab.fault('r2-r1', null, fault({ exact: { lost: 1, of: 2 } }));
  assert.is((await ping(lab, 'a', TARGETS[0]!, 40)).received, 10);
  const counters = await lab.counters();
  assert.is(direction(counters, 'r1', 'r2')?.lost, 20);
  assert.is(direction(counters, 'r2', 'r1')?.lost, 10);
});

/** Two datagrams from each of 64 source ports: refused where they arrive, silent where they are lost. Prints a pair for each flow. */
const FLOWS = `
import json, socket, sys
def arrives(flow):
    flow.send(b"x")
    try: flow.recv(1)
    except ConnectionRefusedError: return True
    except socket.timeout: return False
pairs = []
for port in range(20000, 20064):
    with socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM) as flow:
        flow.bind(("", port)); flow.connect((sys.argv[1], 33434)); flow.settimeout(0.05)
        pairs.append([arrives(flow), arrives(flow)])
print(json.dumps(pairs))`;

rooted('one flow in four is lost whole, and the others not at all', async (lab) => {
  for (const target of TARGETS) {
    await lab.fault('r1-r2', 'r1', fault({ flowLoss: { lost: 1, of: 4 } }));
    const { stdout } = await lab.exec('a', ['python3', '-c', FLOWS, target], { timeoutMs: 20_000 });
    const pairs = JSON.parse(stdout) as [boolean, boolean][];
    assert.ok(
      pairs.every(([first, second]) => first === second),
      'a flow has one fate',
    );
    const lost = pairs.filter(([first]) => !first).length;
    assert.ok(lost >= 4 && lost <= 31, `${lost} of 64 flows`); // 99.99 % of the binomial of 64 and 1/4
    assert.is(direction(await lab.counters(), 'r1', 'r2')?.flowLost, 2 * lost);
  }
});

rooted('a flow is told by its innermost header', async (lab) => {
  await lab.fault('r1-r2', 'r1', fault({ flowLoss: { lost: 1, of: 4 } }));
  const { sent } = NESTED.find(({ title }) => title === 'two of its own in a row')!;
  // 16 source ports inside the same three headers; a UDP checksum of 0 is none
  const packets = Array.from({ length: 16 }, (_, i) => sent.replace('9c40829a001215ea', `${(40_000 + i).toString(16)}829a00120000`));
  const first = (await exchange(lab, 'a', packets)).map(sourcePort);
  const again = (await exchange(lab, 'a', packets)).map(sourcePort);
  assert.equal(again, first);
  assert.ok(first.length > 0 && first.length < 16, `${first.length} of 16`);
});

const sourcePort = (packet: string): number => Number.parseInt(packet.slice(40, 44), 16);

rooted('a duplicate arrives beside its original, and is counted once', async (lab) => {
  await lab.fault('r1-r2', 'r1', fault({ duplicate: 1 }));
  const { sent, lands } = NESTED[0]!;
  assert.equal(await exchange(lab, 'a', [sent, sent, sent]), Array(6).fill(lands));
  const counters = await lab.counters();
  assert.equal([direction(counters, 'r1', 'r2')?.seen, direction(counters, 'r1', 'r2')?.duplicated], [3, 3]);
  assert.is(stripped(counters, 'r2'), 6);
});

rooted('a corrupted packet differs in one bit, and lands', async (lab) => {
  await lab.fault('r1-r2', 'r1', fault({ corrupt: 1 }));
  const { sent, lands } = NESTED[0]!;
  assert.equal(await exchange(lab, 'a', [sent]), [lands.replace(/62$/, '63')]); // "beacon lab" ends in 62
  assert.is(direction(await lab.counters(), 'r1', 'r2')?.corrupted, 1);
});

rooted('a blackhole swallows everything, and tells nobody', async (lab) => {
  await lab.fault('r1-r2', 'r1', fault({ blackhole: true }));
  assert.equal(await exchange(lab, 'a', [NESTED[0]!.sent, NESTED[1]!.sent]), []);
  assert.is(direction(await lab.counters(), 'r1', 'r2')?.lost, 2);
  assert.is(stripped(await lab.counters(), 'r2'), 0);
});

rooted('a link that was down comes back with all its routes and addresses', async (lab) => {
  const shown = async (node: string): Promise<string> => {
    const { stdout } = await lab.exec(node, ['sh', '-c', 'ip -4 route show table all; ip -6 route show table all; ip -o addr']);
    return stdout
      .split('\n')
      .map((line) => line.trim())
      .sort()
      .join('\n');
  };
  const before = [await shown('r1'), await shown('r2')];
  await lab.fault('r1-r2', null, 'down');
  assert.is((await ping(lab, 'a', TARGETS[0]!, 2)).received, 0);
  assert.is((await ping(lab, 'a', TARGETS[1]!, 2)).received, 0);
  assert.not.equal([await shown('r1'), await shown('r2')], before);
  await lab.fault('r1-r2', null, 'clear');
  assert.equal([await shown('r1'), await shown('r2')], before);
  for (const target of TARGETS) assert.is((await ping(lab, 'a', target, 20)).received, 20);
});

if (reason) skip('a member of an ECMP group that was down comes back as a member', reason);
else
  test('a member of an ECMP group that was down comes back as a member', async () => {
    await using lab = await up(fixture('ecmp4', 'member'));
    const routes = async (): Promise<string> =>
      (await lab.exec('r1', ['sh', '-c', 'ip -4 route; ip -6 route'])).stdout
        .split('\n')
        .map((line) => line.trim())
        .sort()
        .join('\n');
    const before = await routes();
    for (const link of ['r1-m2', 'm2-r2']) await lab.fault(link, null, 'down');
    for (const target of ['10.255.0.8', 'fd00:255::8']) assert.is((await ping(lab, 'a', target, 20)).received, 20, 'the others carry on');
    for (const link of ['r1-m2', 'm2-r2']) await lab.fault(link, null, 'clear');
    assert.is(await routes(), before);
  });

rooted('a mended link loses nothing more, and keeps no counters', async (lab) => {
  await lab.fault('r1-r2', null, fault({ loss: 1 }));
  assert.is((await ping(lab, 'a', TARGETS[0]!, 3)).received, 0);
  await lab.fault('r1-r2', null, 'clear');
  await lab.fault('r1-r2', null, 'clear'); // nothing left to mend is no mistake
  assert.is((await ping(lab, 'a', TARGETS[0]!, 50)).received, 50);
  assert.equal((await lab.counters()).links, []);
});

rooted('what cannot be done is refused with a reason', async (lab) => {
  const refused = async (work: Promise<void>, pattern: RegExp): Promise<void> => {
    const error = await work.then(
      () => null,
      (thrown: Error) => thrown,
    );
    assert.match(`${error?.message}`, pattern);
  };
  await refused(lab.fault('r1-r2', 'r1', 'down'), /one carrier for both directions/);
  await refused(lab.fault('r1-r9', null, NO_FAULT), /no link r1-r9: take one of a-r1, r1-r2/);
  await refused(lab.fault('r1-r2', 'd', NO_FAULT), /its ends are r1 or r2/);
  await refused(lab.fault('r1-r2', 'r1', fault({ loss: 1.5 })), /loss 1\.5/);
  await refused(lab.fault('r1-r2', 'r1', fault({ exact: { lost: 2, of: 1 } })), /exact 2\/1/);
  assert.equal((await lab.counters()).links, []);
});

test.run();
