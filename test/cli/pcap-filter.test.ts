/** pcap expressions in `decode --filter` take the packets that tcpdump takes. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eachPacket, readCapture } from '../../src/capture/capture.ts';
import type { PacketSlot } from '../../src/capture/slot.ts';
import { pcapQuestion } from '../../src/cli/pcap-question.ts';
import { loadAddon } from '../../src/host/addon.ts';
import { parseFilter } from '../../src/report/decode-filter.ts';
import { createDecoder } from '../../src/report/decoder.ts';
import { toolMissing } from '../capture/read.ts';
import { skip } from '../skip.ts';

const FOLDER = 'fixtures/captures';
const FILES = ['trace.pcap', 'reverse6.pcap', 'strange.pcap', 'tags.pcap', 'errors.pcap'];
const EXPRESSIONS = [
  'icmp',
  'icmp6 or udp',
  'ip proto 4',
  'host 10.0.0.1 and not host 10.255.0.8',
  'udp port 33434',
  'src net 198.51.100.0/24',
  'ip6',
  'vlan',
  'greater 100',
  'less 60',
  'icmp[0] == 11',
  'ip[8] < 5',
  'tcp[tcpflags] & tcp-syn != 0',
  'ip[2:2] - (ip[0] & 15) * 4 > 20 and ip[6:2] & 0x1fff == 0',
  'portrange 30000-34000',
  'ip6 protochain 17',
];

const bytesOf = async (content: Uint8Array): Promise<string[]> => {
  const packets: string[] = [];
  for await (const item of readCapture([content])) if (item.kind === 'packet') packets.push(Buffer.from(item.bytes).toString('hex'));
  return packets;
};

/** Null where libpcap refuses the expression for this kind of link. */
async function byTcpdump(file: string, expression: string): Promise<string[] | null> {
  const { stdout, status } = spawnSync('tcpdump', ['-r', file, '-w', '-', expression], { maxBuffer: 1 << 26 });
  return status === 0 ? bytesOf(Uint8Array.from(stdout)) : null;
}

async function byUs(file: string, wanted: (slot: PacketSlot) => boolean): Promise<string[]> {
  const packets: string[] = [];
  const take = (slot: PacketSlot): void => {
    if (wanted(slot)) packets.push(Buffer.from(slot.bytes.subarray(slot.at, slot.end)).toString('hex'));
  };
  await eachPacket([readFileSync(file)], take, () => {});
  return packets;
}

function addonMissing(): boolean {
  try {
    loadAddon();
    return false;
  } catch {
    return true;
  }
}

if (addonMissing() || toolMissing('tcpdump')) skip('pcap expressions take what tcpdump takes', 'needs the addon and tcpdump');
else {
  for (const name of FILES) {
    test(`${name}: each expression takes the packets that tcpdump takes`, async () => {
      let taken = 0;
      for (const expression of EXPRESSIONS) {
        const expected = await byTcpdump(`${FOLDER}/${name}`, expression);
        if (expected === null) continue;
        assert.equal(await byUs(`${FOLDER}/${name}`, pcapQuestion(expression)), expected, expression);
        taken += expected.length;
      }
      assert.ok(taken > 0);
    });
  }

  test('an expression of libpcap and one of ours are joined', async () => {
    const { accepts } = parseFilter('icmp and (probe==4 or probe==5)', { pcap: pcapQuestion, isLost: () => false });
    const decoder = createDecoder();
    const shown: string[] = [];
    const look = (slot: PacketSlot): void => {
      decoder.look(slot);
      if (accepts(slot, decoder.sight)) shown.push(`${decoder.sight.sequence} ${decoder.sight.kind}`);
    };
    await eachPacket([readFileSync(`${FOLDER}/trace.pcap`)], look, () => {});
    assert.equal(shown, ['4 answered', '5 answered']);
  });

  test("libpcap's complaint is told, with the column of the word that it is about", () => {
    const parse = (text: string): unknown => parseFilter(text, { pcap: pcapQuestion, isLost: () => false });
    for (const [text, column, what] of [
      ['probe==4 and port nowhere', 19, /"port nowhere": /],
      ['icmp and and', 10, /"icmp and and": .*syntax error/],
      ['icmp andd', 6, /syntax error/],
      ['foo', 1, /syntax error/],
      ['tcp port', 9, /syntax error/], // what is missing would stand there
      ['not', 4, /syntax error/],
      ['udp and (tcp', 13, /syntax error/],
      ['udp) and tcp', 4, /syntax error/],
      ['udp and vlan  9999', 15, /9999/],
      ['hop==3 and  (icmp and tcp port 70000)', 32, /70000/],
    ] as const) {
      assert.throws(() => parse(text), new RegExp(`--filter, column ${column}: .*${what.source}`), text);
    }
  });
}

test.run();
