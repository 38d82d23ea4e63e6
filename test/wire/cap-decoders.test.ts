/** The decoders of the npm package cap, which are JavaScript and need no build, read nested IPv4 headers and quotes as we do. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readCapture } from '../../src/capture/capture.ts';
import { dissectPacket, type IpHeader } from '../../src/wire/dissect.ts';
import { writeIpv4 } from '../../src/wire/ipv4.ts';
import { LINK_TYPE } from '../../src/wire/link.ts';
import { skip } from '../skip.ts';

/** As far as they are used here. */
interface Ipv4 {
  readonly info: Readonly<
    Record<'dscp' | 'ecn' | 'totallen' | 'id' | 'flags' | 'fragoffset' | 'ttl' | 'protocol' | 'hdrchecksum', number>
  > &
    Readonly<Record<'srcaddr' | 'dstaddr', string>>;
  readonly offset: number;
}
interface Decoders {
  Ethernet(bytes: Buffer): { readonly info: { readonly type?: number }; readonly offset: number };
  IPV4(bytes: Buffer, offset: number): Ipv4;
  ICMPV4(
    bytes: Buffer,
    length: number,
    offset: number,
  ): { readonly info?: { readonly type: number; readonly IPHeader?: Pick<Ipv4, 'info'>; readonly dataOffset?: number } };
}

const FOLDER = 'fixtures/captures';
const [IP_IN_IP, ICMP] = [4, 1];
const IPV4_HEADER = 20;

/** One header in our words. */
const headerOf = ({ info }: Pick<Ipv4, 'info'>): Partial<IpHeader> => ({
  family: 4,
  trafficClass: (info.dscp << 2) | info.ecn,
  totalLength: info.totallen,
  id: info.id,
  dontFragment: (info.flags & 2) !== 0,
  moreFragments: (info.flags & 1) !== 0,
  fragmentOffset: info.fragoffset * 8,
  ttl: info.ttl,
  protocol: info.protocol,
  checksum: info.hdrchecksum,
  source: info.srcaddr,
  destination: info.dstaddr,
});

/** The headers from an offset on, each in the one before, as long as whole ones follow; and where the last ends. */
function chain(decoders: Decoders, bytes: Buffer, at: number): { headers: Partial<IpHeader>[]; last: Ipv4['info'] | null; offset: number } {
  const headers: Partial<IpHeader>[] = [];
  let last: Ipv4['info'] | null = null;
  while (bytes.length - at >= IPV4_HEADER && (last === null || (last.protocol === IP_IN_IP && last.fragoffset === 0))) {
    const read = decoders.IPV4(bytes, at);
    headers.push(headerOf(read));
    last = read.info;
    at = read.offset;
  }
  return { headers, last, offset: at };
}

const isIpv4 = (bytes: Uint8Array): boolean => bytes[0]! >> 4 === 4;

/** IPv4 packets of Ethernet frames, as cap finds them. */
async function ipv4Packets(decoders: Decoders): Promise<Buffer[]> {
  const packets: Buffer[] = [];
  for (const name of readdirSync(FOLDER).filter((one) => one.endsWith('.pcap') && !one.startsWith('torn'))) {
    for await (const item of readCapture([readFileSync(join(FOLDER, name))])) {
      if (item.kind !== 'packet') continue;
      const bytes = Buffer.from(item.bytes);
      if (bytes.length < 14) continue; // it reads past the end
      const at = item.linkType === LINK_TYPE.ethernet ? decoders.Ethernet(bytes).offset : (HEADERS[item.linkType] ?? -1);
      if (at >= 0 && bytes.length - at >= IPV4_HEADER && isIpv4(bytes.subarray(at))) packets.push(bytes.subarray(at));
    }
  }
  return packets;
}

/** Bytes before the IP header: raw IP, Linux cooked v1 and v2. */
const HEADERS: Readonly<Record<number, number>> = { 101: 0, 113: 16, 276: 20 };

/** It reads IPv4 in IPv4 only. */
const leading4 = (layers: readonly IpHeader[]): readonly IpHeader[] => {
  const end = layers.findIndex(({ family }) => family !== 4);
  return end < 0 ? layers : layers.slice(0, end);
};

function claims(decoders: Decoders): void {
  test('each header of a stack of IPv4 headers in the recordings', async () => {
    let headers = 0;
    for (const packet of await ipv4Packets(decoders)) {
      const { layers, body } = dissectPacket(packet);
      if (body.kind === 'malformed') continue; // it does not judge lengths
      assert.equal(chain(decoders, packet, 0).headers, leading4(layers));
      headers += layers.length;
    }
    assert.ok(headers > 1200, `${headers}`);
  });

  test('each header that an ICMP error in the recordings quotes', async () => {
    let quoted = 0;
    for (const packet of await ipv4Packets(decoders)) {
      const { body } = dissectPacket(packet);
      const { last, offset } = chain(decoders, packet, 0);
      if (body.kind !== 'icmp' || body.quote === null || last?.protocol !== ICMP) continue;
      if (body.quote.packet.length < IPV4_HEADER) continue; // it reads on behind the end of the message
      const end = offset + 8 + body.quote.packet.length;
      assert.equal(quotedBy(decoders, packet.subarray(0, end), offset), leading4(dissectPacket(body.quote.packet).layers));
      quoted += 1;
    }
    assert.ok(quoted > 120, `${quoted}`);
  });

  test('any nested headers that we write', () => {
    const byte = fc.nat(255);
    const address = fc.tuple(byte, byte, byte, byte).map((bytes) => bytes.join('.'));
    const header = fc.record({ trafficClass: byte, id: fc.nat(0xffff), ttl: byte, source: address, destination: address });
    fc.assert(
      fc.property(fc.array(header, { minLength: 1, maxLength: 20 }), (stack) => {
        const bytes = Buffer.alloc(stack.length * IPV4_HEADER);
        for (const [depth, fields] of stack.entries()) {
          const isLast = depth === stack.length - 1;
          writeIpv4(bytes, depth * IPV4_HEADER, { ...fields, protocol: isLast ? 17 : IP_IN_IP }, bytes.length - (depth + 1) * IPV4_HEADER);
        }
        const { headers } = chain(decoders, bytes, 0);
        assert.equal(
          headers.map(({ trafficClass, source, destination }) => ({ trafficClass, source, destination })),
          stack.map(({ trafficClass, source, destination }) => ({ trafficClass, source, destination })),
        );
        assert.equal(headers, dissectPacket(bytes).layers);
      }),
      { numRuns: 200 },
    );
  });
}

function quotedBy(decoders: Decoders, packet: Buffer, at: number): Partial<IpHeader>[] {
  const { IPHeader, dataOffset } = decoders.ICMPV4(packet, packet.length - at, at).info!;
  const nested = IPHeader!.info.protocol === IP_IN_IP && IPHeader!.info.fragoffset === 0;
  return [headerOf(IPHeader!), ...(nested ? chain(decoders, packet, dataOffset!).headers : [])];
}

/** Without the package there is nothing to compare with. */
function load(): Decoders | null {
  try {
    return createRequire(import.meta.url)('cap/lib/Decoders.js') as Decoders;
  } catch {
    return null;
  }
}

const decoders = load();
if (decoders === null) skip("cap's decoders read the same", 'the package is not installed');
else claims(decoders);

test.run();
