import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readExtensions } from '../../src/wire/extensions.ts';
import { fromHex, known } from './known.ts';

/** The extension structure of a message that tshark finds right: one object with the label 17, bottom of stack, ttl 254. */
const { bytes } = known('icmp4').find(({ name }) => name === '11/0 with labels behind padding')!;
const structure = bytes.subarray(-12);
const LABEL = { kind: 'mpls', labels: [{ label: 17, trafficClass: 0, bottom: true, ttl: 254 }] };

test('the structure that the other tests bend is right', () => {
  assert.equal(readExtensions(structure), [LABEL]);
});

test('a wrong checksum: no object is believed, whichever bit is wrong', () => {
  for (let bit = 0; bit < structure.length * 8; bit += 1) {
    const wrong = structure.slice();
    wrong[bit >> 3]! ^= 0x80 >> (bit & 7);
    assert.equal(readExtensions(wrong), [], `bit ${bit}`);
  }
});

test('a checksum of 0 was not computed (RFC 4884 §7), and objects are read', () => {
  const unsummed = structure.slice();
  unsummed.fill(0, 2, 4);
  assert.equal(readExtensions(unsummed), [LABEL]);
});

test('another version of the structure is unknown', () => {
  assert.equal(readExtensions(fromHex('10000000' + '00080101' + '000111fe')), []);
});

test('an object that reaches beyond the structure ends it; the ones before stay', () => {
  assert.equal(readExtensions(fromHex('20000000' + '00080101' + '000111fe' + '00090101' + '000111fe')), [LABEL]);
  assert.equal(readExtensions(fromHex('20000000' + '00080101' + '000111fe' + '00030101')), [LABEL]);
});

test('labels that are not whole are bytes', () => {
  const [object] = readExtensions(fromHex('20000000' + '00070101' + '000111'));
  assert.equal(object, { kind: 'other', classNumber: 1, classType: 1, bytes: fromHex('000111') });
});

test('fewer than 4 bytes hold no structure', () => {
  for (let end = 0; end < 4; end += 1) assert.equal(readExtensions(structure.subarray(0, end)), []);
});

test.run();
