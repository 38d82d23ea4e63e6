/** A recording as a sweep leaves it: boomerangs over a path of five hops, sent and landed, with nothing lost. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { pcapHeader, pcapRecord } from '../src/capture/pcap.ts';
import { craft } from '../src/probe/craft.ts';
import { type Question, questionBy } from '../src/probe/question.ts';
import { newRun } from '../src/probe/run.ts';

const US = '10.0.0.1';
const HOPS = ['10.0.0.2', '10.0.1.2', '10.0.3.2', '10.0.5.2', '10.255.0.8'];
const LINKTYPE_RAW = 101;
/** At 100,000 probes a second. */
const GAP_NS = 5000n;

function questions(): Question[] {
  const route = { destination: HOPS[0]!, interface: 'eth0', source: US, nextHop: HOPS[0]!, mtu: 1500 };
  const flow = { transport: 'udp', sourcePort: 40_000, destinationPort: 33_434, dscp: 0, flowLabel: 0, size: null } as const;
  return HOPS.map((_, turn) => {
    const stops = [...HOPS.slice(0, turn + 1), ...HOPS.slice(0, turn).reverse(), US, US];
    const layers = stops.map((destination) => ({ source: US, destination, ttl: 64 }));
    return questionBy(route, { layers, flow, landing: 2 }, turn + 1);
  });
}

/** Raw IP with nanosecond stamps, which tcpdump reads too. */
export function writeRecording(file: string, packets: number): void {
  const asked = questions();
  const run = newRun();
  const fd = openSync(file, 'w');
  let timeNs = 1_700_000_000_000_000_000n;
  let page: Uint8Array[] = [pcapHeader(LINKTYPE_RAW)];
  const add = (bytes: Uint8Array): void => {
    timeNs += GAP_NS;
    const record = { bytes, linkType: LINKTYPE_RAW, timeNs, originalLength: bytes.length, interface: null, comment: null, direction: null };
    page.push(pcapRecord(record));
  };
  for (let sequence = 0; sequence < packets / 2; sequence += 1) {
    const { template, path, itinerary } = asked[sequence % asked.length]!;
    const probe = craft(template, run, path, sequence, timeNs);
    add(probe);
    add(probe.slice(20 * (itinerary.layers.length - itinerary.landing)));
    if (page.length < 5000) continue;
    writeSync(fd, Buffer.concat(page));
    page = [];
  }
  writeSync(fd, Buffer.concat(page));
  closeSync(fd);
}
