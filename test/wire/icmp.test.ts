import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { dissect, dissectPacket } from '../../src/wire/dissect.ts';
import type { ExtensionObject } from '../../src/wire/extensions.ts';
import { isEchoReply, isRedirect, nextHopMtu, quotes, readIcmp, readQuote } from '../../src/wire/icmp.ts';
import { allKnown, type Known, type KnownIcmp, type KnownQuote, known, toHex } from './known.ts';

interface Message extends Known {
  readonly body: KnownIcmp;
}

const messages = allKnown().filter((packet): packet is Message => packet.body.kind === 'icmp');
const errors = messages.flatMap((message) => (message.body.quote ? [{ ...message, quote: message.body.quote }] : []));

const quoteOf = ({ bytes, layers, bodyAt }: Known): ReturnType<typeof readQuote> =>
  readQuote(bytes.subarray(bodyAt!), layers.at(-1)!.header.family);

test('every type of error is among the known messages, with quotes of 28, 128, 548 and 1,232 bytes', () => {
  const lengths = (family: number, type: number): number[] =>
    errors.filter(({ layers, body }) => layers[0]!.header.family === family && body.type === type).map(({ quote }) => quote.length);
  for (const type of [3, 4, 5, 11, 12]) for (const size of [28, 128, 548, 1232]) assert.ok(lengths(4, type).includes(size));
  for (const type of [1, 2, 3, 4]) for (const size of [28, 128, 548, 1232]) assert.ok(lengths(6, type).includes(size));
  for (const size of [32, 128, 552, 1232]) assert.ok(lengths(6, 137).includes(size)); // an option counts in units of 8 bytes
});

test('a quote is the bytes that the router sent back, no more and no less', () => {
  for (const error of errors) {
    const { at, length } = error.quote;
    assert.is(toHex(quoteOf(error).packet), toHex(error.bytes.subarray(at, at + length)), error.name);
  }
});

test('the headers of a quote are what tshark reads', () => {
  const compare = (name: string, packet: Uint8Array, { layers }: KnownQuote): void => {
    const read = dissectPacket(packet).layers;
    assert.equal(name.startsWith('5/') ? read.slice(0, layers.length) : read, layers, name);
  };
  for (const error of errors) compare(error.name, quoteOf(error).packet, error.quote);
  assert.ok(errors.filter(({ quote }) => quote.layers.length > 1).length > 20);
});

test('dissect shows the same quote', () => {
  for (const error of errors) {
    const { body } = dissect(error.bytes, error.linkType);
    assert.equal(body.kind === 'icmp' && body.quote, quoteOf(error), error.name);
  }
});

test('labels and other objects behind the quote are what scapy put there (RFC 4884, RFC 4950, RFC 5837)', () => {
  const plain = (object: ExtensionObject): object => (object.kind === 'other' ? { ...object, bytes: toHex(object.bytes) } : object);
  for (const error of errors) assert.equal(quoteOf(error).extensions.map(plain), error.quote.objects, error.name);
  assert.is(errors.filter(({ quote }) => quote.objects.length > 0).length, 7);
});

test('a length field of 0, or one that reaches beyond the message, means that all of it is the quote', () => {
  const { bytes, bodyAt } = known('icmp4').find(({ name }) => name === '11/0 with labels')!;
  for (const words of [0, 36, 37, 255]) {
    const message = bytes.slice(bodyAt!);
    message[5] = words;
    assert.is(readQuote(message, 4).packet.length, message.length - 8, `${words} words`);
    assert.equal(readQuote(message, 4).extensions, []);
  }
});

test('the next-hop MTU is the one that tshark reads, and null in every other message', () => {
  for (const { name, bytes, layers, body, bodyAt } of messages) {
    const { family } = layers.at(-1)!.header;
    const read = readIcmp(bytes.subarray(bodyAt!), family);
    assert.is(read.ok && nextHopMtu(read.header), body.mtu, name);
  }
  assert.is(messages.filter(({ body }) => body.mtu !== null).length, 7);
});

test('errors and redirects quote, echoes do not', () => {
  for (const { name, layers, body } of messages) {
    const { family } = layers.at(-1)!.header;
    assert.is(quotes(family, body.type), body.quote !== undefined, name);
    assert.is(isEchoReply(family, body.type), name.includes('echo reply'), name);
    assert.is(isRedirect(family, body.type), /^(5|137)\//.test(name) || name.startsWith('137 '), name);
  }
});

test('neighbour discovery quotes nothing', () => {
  for (const type of [133, 134, 135, 136]) assert.not(quotes(6, type), `type ${type}`);
});

test('fewer than 8 bytes are no message', () => {
  assert.equal(readIcmp(new Uint8Array(7), 4), { ok: false, reason: '7 bytes cannot hold an ICMP header' });
});

test.run();
