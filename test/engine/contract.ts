/**
 * What every engine does: the same suite for a network of kernel routers and for a computed one. Probes are made here byte by byte
 * (RFC 791, 792, 8200, 4443), apart from the `wire` room, so that a misreading there cannot agree with itself.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Engine, Packet, Route } from '../../src/engine/engine.ts';
import { addressesOf, nodeOf, vantageOf } from '../../src/topology/lookup.ts';
import { shortestPaths } from '../../src/topology/routes.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { skip } from '../skip.ts';

export interface Opened {
  readonly engine: Engine;
  /** The network it is in: fault-free, profile lab, with a far end d at least three hops away. */
  readonly topology: Topology;
}

/** `cannot`: title of a claim → why this engine cannot hold it. */
export function engineContract(name: string, open: () => Promise<Opened>, { cannot = {} }: { cannot?: Record<string, string> } = {}): void {
  for (const [title, claim] of Object.entries(CLAIMS)) {
    const reason = cannot[title];
    if (reason !== undefined) skip(`${name}: ${title}`, reason);
    else test(`${name}: ${title}`, () => hold(open, claim));
  }
}

async function hold(open: () => Promise<Opened>, claim: Claim): Promise<void> {
  const { engine, topology } = await open();
  await using _ = engine;
  await claim(engine, topology);
}

type Claim = (engine: Engine, topology: Topology) => Promise<void>;
type FamilyNumber = 4 | 6;

const FAMILIES: readonly FamilyNumber[] = [4, 6];
const MS = 1_000_000n;
/** Long enough for a round trip through a lab on a busy machine. */
const PATIENCE = 500n * MS;

const CLAIMS: Record<string, Claim> = {
  'the clock never runs backwards, and an empty receive says that it is past the deadline': async (engine) => {
    let last = engine.nowNs();
    for (let i = 0; i < 20; i += 1) {
      const deadline = last + MS;
      if ((await engine.receive(deadline)).length === 0) assert.ok(engine.nowNs() >= deadline);
      assert.ok(engine.nowNs() >= last);
      last = engine.nowNs();
    }
  },

  'a deadline that has passed is no wait': async (engine) => {
    const before = engine.nowNs();
    while ((await engine.receive(before - MS)).length > 0);
    assert.ok(engine.nowNs() - before < 100n * MS);
  },

  'a route leaves by one of our links, from our address, to the neighbour there': async (engine, topology) => {
    const vantage = vantageOf(topology);
    for (const family of FAMILIES) {
      const route = await engine.route(far(topology, family));
      const link = topology.links.find(({ ends }) => ends.some((end) => end.node === vantage.name && end.interface === route.interface));
      const neighbour = link?.ends.find((end) => end.node !== vantage.name);
      assert.is(neighbour?.addresses[family], route.nextHop);
      assert.ok(addressesOf(topology, vantage.name, family).includes(route.source));
      assert.is(route.mtu, link?.mtu);
      assert.is(route.destination, far(topology, family));
    }
  },

  'a route is remembered': async (engine, topology) => {
    assert.is(await engine.route(far(topology, 4)), await engine.route(far(topology, 4)));
  },

  'a destination that nobody leads to is ERR_NO_ROUTE': async (engine) => {
    for (const address of ['192.0.2.77', '2001:db8::77']) {
      const code = await engine.route(address).then(
        () => 'a route',
        (error: { code?: string }) => error.code,
      );
      assert.is(code, 'ERR_NO_ROUTE');
    }
  },

  'a send says how many packets it took': async (engine, topology) => {
    const route = await engine.route(far(topology, 4));
    assert.is(engine.send(route, []), 0);
    assert.is(
      engine.send(
        route,
        [1, 2, 3].map((sequence) => echo(route, sequence)),
      ),
      3,
    );
  },

  'an echo to the first router comes home byte for byte, stamped no earlier than it was sent': async (engine, topology) => {
    for (const family of FAMILIES) {
      const route = await engine.route(firstRouter(topology, family));
      const before = engine.nowNs();
      engine.send(route, [echo(route, 7)]);
      const [reply] = repliesTo(await collect(engine, PATIENCE), route);
      assert.ok(reply, `IPv${family}: no echo reply`);
      assert.equal(reply.data, echoData(7));
      assert.ok(reply.timeNs >= before && reply.timeNs <= engine.nowNs());
      const home = shortestPaths(topology, nodeOf(topology, route.destination)!.name, route.source).map((path) => path.length - 2);
      assert.ok(home.includes(64 - reply.ttl), `ttl ${reply.ttl} after ${home} routers`);
    }
  },

  'a packet is stamped when it comes, not when we look': async (engine, topology) => {
    const route = await engine.route(firstRouter(topology, 4));
    const before = engine.nowNs();
    engine.send(route, [echo(route, 8)]);
    for (const began = performance.now(); performance.now() - began < 60; ); // this thread is busy
    const [reply] = repliesTo(await collect(engine, PATIENCE), route);
    assert.ok(reply, 'no echo reply');
    assert.ok(reply.timeNs - before < 40n * MS, `${reply.timeNs - before} ns after it was sent`);
  },

  'a ttl of 1 is answered by the first router, which quotes what we sent': async (engine, topology) => {
    for (const family of FAMILIES) {
      const route = await engine.route(far(topology, family));
      const probe = echo(route, 9, 1);
      engine.send(route, [probe]);
      const error = (await collect(engine, PATIENCE)).map(icmpOf).find((icmp) => icmp?.type === (family === 4 ? 11 : 3));
      assert.ok(error, `IPv${family}: no time exceeded`);
      assert.is(nodeOf(topology, error.source)?.name, shortestPaths(topology, vantageOf(topology).name, 'd', family)[0]![1]);
      assert.equal(error.body.subarray(0, probe.length), probe);
    }
  },

  'a packet names the interface of ours that it came in by': async (engine, topology) => {
    const vantage = vantageOf(topology).name;
    const ours = topology.links.flatMap(({ ends }) => ends.filter(({ node }) => node === vantage).map((end) => end.interface));
    const route = await engine.route(firstRouter(topology, 4));
    engine.send(route, [echo(route, 10)]);
    const packets = (await collect(engine, PATIENCE)).filter((packet) => icmpOf(packet)?.source === route.destination);
    assert.is(packets.length, 1);
    assert.ok(ours.includes(packets[0]!.arrivedBy!), `${packets[0]!.arrivedBy} is none of ${ours}`);
  },

  'a packet that its first router throws away is answered by nothing': async (engine, topology) => {
    for (const family of FAMILIES) {
      const route = await engine.route(far(topology, family));
      const probe = echo(route, 11, 1);
      const short = probe.subarray(0, probe.length - 4); // shorter than its header says
      engine.send(route, [short]);
      assert.equal(
        (await collect(engine, 200n * MS)).map(icmpOf).filter((icmp) => icmp?.type === (family === 4 ? 11 : 3)),
        [],
      );
    }
  },

  'what was sent is sent: the caller may use its bytes again at once': async (engine, topology) => {
    const route = await engine.route(firstRouter(topology, 4));
    const probe = echo(route, 13);
    engine.send(route, [probe]);
    probe.fill(0);
    assert.is(repliesTo(await collect(engine, PATIENCE), route).length, 1);
  },

  'a hundred echoes are all answered, each once, and nothing is dropped': async (engine, topology) => {
    const route = await engine.route(far(topology, 6));
    const dropped = engine.drops();
    const sequences = Array.from({ length: 100 }, (_, i) => i);
    assert.is(
      engine.send(
        route,
        sequences.map((sequence) => echo(route, sequence)),
      ),
      100,
    );
    const seen = repliesTo(await collect(engine, PATIENCE), route).map(({ data }) => data);
    assert.equal(seen.sort(compare), sequences.map(echoData).sort(compare));
    assert.is(engine.drops(), dropped);
  },

  // two processors that receive at once may stamp in one order and queue in the other
  'packets are handed out in the order of their stamps, give or take 10 ms': async (engine, topology) => {
    const [near, distant] = [await engine.route(firstRouter(topology, 4)), await engine.route(far(topology, 4))];
    const seen: Packet[] = [];
    for (let i = 0; i < 5; i += 1) {
      engine.send(distant, [echo(distant, i)]);
      engine.send(near, [echo(near, i)]);
      seen.push(...(await engine.receive(engine.nowNs() + MS / 10n)));
    }
    const replies = [...seen, ...(await collect(engine, PATIENCE))].filter((packet) => icmpOf(packet)?.type === 0); // no neighbour discovery
    const stamps = replies.map(({ timeNs }) => timeNs);
    assert.is(stamps.length, 10);
    stamps.reduce((latest, stamp) => {
      assert.ok(stamp > latest - 10n * MS);
      return stamp > latest ? stamp : latest;
    });
  },

  'a closed engine is closed once and for all': async (engine, topology) => {
    const route = await engine.route(far(topology, 4));
    await engine.close();
    await engine.close();
    assert.throws(() => engine.send(route, [echo(route, 1)]), /close/);
    for (const late of [() => engine.receive(engine.nowNs()), () => engine.route(far(topology, 6))]) {
      const said = await late().then(
        () => 'nothing',
        (error: Error) => error.message,
      );
      assert.match(said, /after close/);
    }
  },
};

/** Everything that comes within a time. */
async function collect(engine: Engine, withinNs: bigint): Promise<Packet[]> {
  const deadline = engine.nowNs() + withinNs;
  const all: Packet[] = [];
  for (let batch = await engine.receive(deadline); batch.length > 0; batch = await engine.receive(deadline)) all.push(...batch);
  return all;
}

const far = (topology: Topology, family: FamilyNumber): string => addressesOf(topology, 'd', family)[0]!;

/** The nearest router on the way to d. */
const firstRouter = (topology: Topology, family: FamilyNumber): string =>
  addressesOf(topology, shortestPaths(topology, vantageOf(topology).name, 'd', family)[0]![1]!, family)[0]!;

interface Reply {
  readonly timeNs: bigint;
  readonly ttl: number;
  /** Identifier, sequence and data in hexadecimal. */
  readonly data: string;
}

const repliesTo = (packets: readonly Packet[], route: Route): Reply[] =>
  packets.flatMap((packet) => {
    const icmp = icmpOf(packet);
    const wanted = icmp?.family === 4 ? 0 : 129;
    if (icmp?.type !== wanted || icmp.source !== route.destination) return [];
    return [{ timeNs: packet.timeNs, ttl: icmp.ttl, data: Buffer.from(icmp.message.subarray(4)).toString('hex') }];
  });

interface Icmp {
  readonly family: FamilyNumber;
  readonly source: string;
  readonly ttl: number;
  readonly type: number;
  readonly message: Uint8Array;
  /** What follows the eight bytes of its header. */
  readonly body: Uint8Array;
}

/** Bytes before the IP header, by link type: Ethernet, raw IP, Linux cooked v1 and v2. */
const LINK_HEADERS: Record<number, number> = { 1: 14, 101: 0, 113: 16, 276: 20 };

function icmpOf({ bytes, linkType }: Packet): Icmp | null {
  const ip = bytes.subarray(LINK_HEADERS[linkType]!);
  const family = ip[0]! >> 4 === 6 ? 6 : 4;
  if (ip[family === 4 ? 9 : 6] !== (family === 4 ? 1 : 58)) return null;
  const message = family === 4 ? ip.subarray(20, (ip[2]! << 8) | ip[3]!) : ip.subarray(40, 40 + ((ip[4]! << 8) | ip[5]!));
  const source = family === 4 ? ip.subarray(12, 16).join('.') : textOf6(ip.subarray(8, 24));
  return { family, source, ttl: ip[family === 4 ? 8 : 7]!, type: message[0]!, message, body: message.subarray(8) };
}

/** RFC 5952, by the platform's URL parser. */
const textOf6 = (bytes: Uint8Array): string => {
  const groups = Buffer.from(bytes).toString('hex').match(/.{4}/g)!;
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
};

const IDENTIFIER = 0xbeac;
const DATA = '62656163';

const echoData = (sequence: number): string => `${IDENTIFIER.toString(16)}${sequence.toString(16).padStart(4, '0')}${DATA}`;
const compare = (a: string, b: string): number => (a < b ? -1 : 1);

/** An echo request of our own, to the route's destination. */
function echo(route: Route, sequence: number, ttl = 64): Uint8Array {
  const [source, destination] = [addressHex(route.source), addressHex(route.destination)];
  const four = !route.destination.includes(':');
  const message = `${four ? '0800' : '8000'}0000${echoData(sequence)}`;
  const pseudo = four ? '' : `${source}${destination}${hex(message.length / 2, 8)}0000003a`;
  const summed = message.slice(0, 4) + sum(pseudo + message) + message.slice(8);
  const head = four
    ? `4500${hex(20 + message.length / 2, 4)}00014000${hex(ttl, 2)}01`
    : `60000000${hex(message.length / 2, 4)}3a${hex(ttl, 2)}`;
  const header = four ? `${head}${sum(`${head}0000${source}${destination}`)}${source}${destination}` : `${head}${source}${destination}`;
  return Uint8Array.from(Buffer.from(header + summed, 'hex'));
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** RFC 1071 over hexadecimal text. */
function sum(text: string): string {
  let total = text.match(/.{4}/g)!.reduce((all, word) => all + Number.parseInt(word, 16), 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return hex(~total & 0xffff, 4);
}

function addressHex(address: string): string {
  if (!address.includes(':'))
    return address
      .split('.')
      .map((byte) => hex(Number(byte), 2))
      .join('');
  const [head = '', tail = ''] = address.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':').map((word) => word.padStart(4, '0')));
  const [high, low] = [words(head), words(tail)];
  return [...high, ...Array<string>(8 - high.length - low.length).fill('0000'), ...low].join('');
}
