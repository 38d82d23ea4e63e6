/** The system's names: what is asked, how often, and how much at once. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseHosts } from '../../src/host/hosts-file.ts';
import type { Names } from '../../src/host/names.ts';
import { type NameSource, systemNames } from '../../src/host/names.ts';

const nothing: NameSource = {
  lookup: () => Promise.reject(new Error('ENOTFOUND')),
  reverse: () => Promise.reject(new Error('ETIMEOUT')),
  hosts: () => '',
};

test("the machine's own hosts file counts, in both directions", async () => {
  const names: Names = systemNames();
  assert.equal(await names.addresses('localhost', 4), ['127.0.0.1']);
  assert.match((await names.name('127.0.0.1')) ?? '', 'localhost');
});

test('an address is its own only address', async () => {
  const names = systemNames();
  assert.equal(await names.addresses('127.0.0.9', null), ['127.0.0.9']);
  assert.equal(await names.addresses('0:0::1', 6), ['::1']);
});

test("addresses keep the resolver's order, each once, canonical and without zones", async () => {
  const found = ['2001:DB8:0::2', '192.0.2.1', '2001:db8::2', 'fe80::1%eth0'].map((address) => ({ address }));
  const names = systemNames({ ...nothing, lookup: async () => found });
  assert.equal(await names.addresses('many.example', null), ['2001:db8::2', '192.0.2.1']);
});

test('a family is asked for, none is zero', async () => {
  const families: number[] = [];
  const lookup: NameSource['lookup'] = async (_name, { family }) => {
    families.push(family);
    return [];
  };
  const names = systemNames({ ...nothing, lookup });
  for (const family of [4, 6, null] as const) await names.addresses('d.example', family);
  assert.equal(families, [4, 6, 0]);
});

test('failures are empty answers', async () => {
  const names = systemNames(nothing);
  assert.equal(await names.addresses('nowhere.example', null), []);
  assert.is(await names.name('192.0.2.1'), null);
});

test('a name that is an address is no name', async () => {
  const names = systemNames({ ...nothing, reverse: async (address) => [address.toUpperCase()] });
  assert.is(await names.name('2001:db8::2'), null);
  assert.is(await names.name('192.0.2.1'), null);
});

test('a hosts file names an address by the first name of its first line, in whatever spelling', () => {
  const text = '# 192.0.2.9 comment\n192.0.2.1\tr1.example r1 # here\n  FD00:0::5  r5.example\n192.0.2.1 again\nnonsense x\n192.0.2.7\n';
  const expected = [
    ['192.0.2.1', 'r1.example'],
    ['fd00::5', 'r5.example'],
  ];
  assert.equal([...parseHosts(text)], expected);
});

test('what the hosts file knows is not asked of a name server', async () => {
  const asked: string[] = [];
  const reverse: NameSource['reverse'] = async (address) => {
    asked.push(address);
    return ['other.example', 'second.example'];
  };
  const names = systemNames({ ...nothing, reverse, hosts: () => '192.0.2.1 r1.example r1\n' });
  assert.is(await names.name('192.0.2.1'), 'r1.example');
  assert.is(await names.name('192.0.2.2'), 'other.example');
  assert.equal(asked, ['192.0.2.2']);
});

/** Answers only when told to. */
function slow(): { source: NameSource; asked: string[]; answer: () => void } {
  const asked: string[] = [];
  const open: (() => void)[] = [];
  const reverse: NameSource['reverse'] = (address) => {
    asked.push(address);
    return new Promise((resolve) => open.push(() => resolve([`r${address}.example`])));
  };
  return { source: { ...nothing, reverse }, asked, answer: () => open.shift()?.() };
}

test('each address is asked once, also while its answer is under way', async () => {
  const { source, asked, answer } = slow();
  const names = systemNames(source);
  const both = [names.name('192.0.2.1'), names.name('192.0.2.1')];
  answer();
  assert.equal(await Promise.all([...both, names.name('192.0.2.1')]), Array(3).fill('r192.0.2.1.example'));
  assert.equal(asked, ['192.0.2.1']);
});

test('sixteen questions are under way at most, the others follow in order, and a failure gives its turn on', async () => {
  const { source, asked, answer } = slow();
  const addresses = Array.from({ length: 41 }, (_, index) => `192.0.2.${index}`);
  const reverse: NameSource['reverse'] = (address) =>
    address === '192.0.2.0' ? Promise.reject(new Error('EREFUSED')) : source.reverse(address);
  const names = systemNames({ ...source, reverse });
  const answers = Promise.all(addresses.map((address) => names.name(address)));
  for (let answered = 0; answered < 40; answered += 1) {
    await new Promise(setImmediate);
    assert.is(asked.length - answered, Math.min(16, 40 - answered));
    answer();
  }
  assert.equal(await answers, [null, ...addresses.slice(1).map((address) => `r${address}.example`)]);
  assert.equal(asked, addresses.slice(1));
});

test('the memory of answers is bounded', async () => {
  const asked: string[] = [];
  const reverse: NameSource['reverse'] = async (address) => {
    asked.push(address);
    return ['r.example'];
  };
  const names = systemNames({ ...nothing, reverse });
  for (let index = 0; index <= 4096; index += 1) await names.name(`10.0.${index >> 8}.${index & 255}`);
  await names.name('10.0.0.0');
  await names.name('10.0.16.0');
  assert.equal(asked.slice(4097), ['10.0.0.0']); // the first was forgotten, the last was not
});

test.run();
