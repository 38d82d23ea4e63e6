/** Routers of the lab strip what is addressed to them, and nothing else: packets by scapy, in and out by raw sockets. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { up } from '../../src/lab/up.ts';
import type { Profile } from '../../src/topology/topology.ts';
import { rootMissing, skip } from '../skip.ts';
import { FRAGMENT, NESTED, TURNS, WRONG_CHECKSUM } from './nested.ts';
import { exchange, fixture, stripped } from './raised.ts';

const reason = rootMissing();

const landings = (arrived: readonly string[]): string[] =>
  arrived.filter((packet) => packet.endsWith(Buffer.from('beacon lab').toString('hex')));

for (const profile of ['lab', 'stock'] as const satisfies Profile[]) {
  const title = `nested packets come home from routers of profile ${profile}`;
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'decap', { profile }));
      for (const { title, sent, lands } of NESTED) assert.equal(await landed(lab, sent), [lands], title);
    });
}

/** An IPv6 landing is answered by a's own stack, through lo; only what came from outside is looked at. */
async function landed(lab: Awaited<ReturnType<typeof up>>, sent: string): Promise<string[]> {
  return landings(await exchange(lab, 'a', [sent], 60));
}

if (reason) skip('what a router strips is counted for the address it was sent to', reason);
else
  test('what a router strips is counted for the address it was sent to', async () => {
    await using lab = await up(fixture('line', 'decap'));
    const packets = NESTED.filter(({ title }) => ['4 in 4', '4 in 6', 'by a link address', 'two of its own in a row'].includes(title));
    await exchange(
      lab,
      'a',
      packets.map(({ sent }) => sent),
    );
    const { decapsulated } = await lab.counters();
    assert.equal(
      decapsulated.filter(({ headers }) => headers > 0),
      [
        { node: 'r2', address: '10.255.0.3', headers: 2 },
        { node: 'r2', address: '10.0.1.2', headers: 2 },
        { node: 'r2', address: 'fd00:255::3', headers: 1 },
      ],
    );
  });

if (reason) skip('a router that does not decapsulate says protocol unreachable', reason);
else
  test('a router that does not decapsulate says protocol unreachable', async () => {
    await using lab = await up(fixture('nondecap', 'decap'));
    const [v4, v6] = NESTED as [(typeof NESTED)[0], (typeof NESTED)[0]];
    const [unreachable] = await exchange(lab, 'a', [v4.sent]);
    assert.is(unreachable?.slice(40, 44), '0302', 'ICMP 3/2'); // behind 20 bytes of IPv4
    const [problem] = await exchange(lab, 'a', [v6.sent]);
    assert.is(problem?.slice(80, 84), '0401', 'ICMPv6 4/1'); // behind 40 bytes of IPv6
    assert.is(stripped(await lab.counters(), 'r2'), 0);
  });

if (reason) skip('a fragment and a header with a wrong checksum stay whole', reason);
else
  test('a fragment and a header with a wrong checksum stay whole', async () => {
    await using lab = await up(fixture('line', 'decap'));
    assert.equal(await exchange(lab, 'a', [FRAGMENT]), []);
    assert.is(stripped(await lab.counters(), 'r1'), 0);
    assert.equal(await exchange(lab, 'a', [WRONG_CHECKSUM]), []);
    assert.is(stripped(await lab.counters(), 'r1'), 1, 'the layer around it is right');
  });

/** IPv6 has no switch for redirects: Linux sends them in either profile. */
const REDIRECTS = { lab: { 4: [], 6: ['8900'] }, stock: { 4: ['0501'], 6: ['8900'] } } as const;

for (const profile of ['lab', 'stock'] as const) {
  const title = `a packet that turns at the first hop lands in profile ${profile}, and is redirected as that says`;
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await up(fixture('line', 'turn', { profile }));
      for (const family of [4, 6] as const) {
        const arrived = await exchange(lab, 'a', [TURNS[family]]);
        assert.is(arrived.filter((packet) => icmpOf(packet) === null).length, 1, 'the landing');
        assert.equal(
          arrived.flatMap((packet) => icmpOf(packet) ?? []),
          REDIRECTS[profile][family],
        );
      }
    });
}

/** Type and code in hexadecimal, of a packet that is ICMP or ICMPv6. */
function icmpOf(packet: string): string | null {
  if (packet.startsWith('4')) return packet.slice(18, 20) === '01' ? packet.slice(40, 44) : null;
  return packet.slice(12, 14) === '3a' ? packet.slice(80, 84) : null;
}

test.run();
