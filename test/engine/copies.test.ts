/** Which captures are copies of one packet: frames of Linux cooked v2, as `tcpdump -i any` writes them on a host with a bridge. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Packet } from '../../src/engine/engine.ts';
import { copyFilter } from '../../src/engine/live/copies.ts';

/** 10.9.1.2 to 10.9.1.1, ICMP 3/3 without its quote, by hand after RFC 791 and 792. */
const PACKET = '45c0001c30e400004001332a0a0901020a0901010303fcfc00000000';

const seen = (device: number, timeNs: number, packet = PACKET, linkType = 276): Packet => ({
  bytes: Uint8Array.from(Buffer.from(`08000000${device.toString(16).padStart(8, '0')}000100064ac233b7e5e10000${packet}`, 'hex')),
  linkType,
  timeNs: BigInt(timeNs),
});

/** VLAN 7: the tag stands between the cooked header and the packet. */
const tagged = (device: number, timeNs: number): Packet => ({
  ...seen(device, timeNs),
  bytes: Uint8Array.from(Buffer.from(`81000000${device.toString(16).padStart(8, '0')}000100064ac233b7e5e1000000070800${PACKET}`, 'hex')),
});

const kept = (...packets: Packet[]): Packet[] => copyFilter()(packets);

test('of a port and its bridge, the first is kept', () => {
  const [port, bridge] = [seen(3, 0), seen(2, 4_000)];
  assert.equal(kept(port, bridge), [port]);
});

test('of a device and its VLAN, the first is kept', () => {
  const [device, vlan] = [tagged(3, 0), seen(2, 4_000)];
  assert.equal(kept(device, vlan), [device]);
});

test('a duplicate by the same device is a duplicate, on the bridge too', () => {
  const all = [seen(3, 0), seen(2, 4_000), seen(3, 9_000), seen(2, 12_000)];
  assert.equal(kept(...all), [all[0]!, all[2]!]);
});

test('the same bytes by another device a millisecond later are another packet', () => {
  const all = [seen(3, 0), seen(2, 1_000_001)];
  assert.equal(kept(...all), all);
});

test('one byte makes another packet', () => {
  const all = [seen(3, 0), seen(2, 0, `${PACKET.slice(0, -2)}01`)];
  assert.equal(kept(...all), all);
});

test('copies are known across batches, and with other packets between', () => {
  const filter = copyFilter();
  const other = seen(3, 1_000, PACKET.replace('30e4', '30e5'));
  assert.is(filter([seen(3, 0), other]).length, 2);
  assert.equal(filter([seen(2, 4_000)]), []);
});

test('where frames do not name their device nothing is left out', () => {
  const all = [seen(3, 0, PACKET, 113), seen(2, 0, PACKET, 113)];
  assert.equal(kept(...all), all);
});

test.run();
