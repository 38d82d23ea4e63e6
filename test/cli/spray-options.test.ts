/** What a spray is asked for and cannot do is refused before a packet goes, with the option and the value; many paths come from a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BeaconError } from '../../src/error.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { optionsOf, said, spray } from '../boomerang/sprayed.ts';
import { fixture } from '../lab/raised.ts';
import { mapText, nodesOf } from '../topology/map-text.ts';

const LINE = fixture('line', 'spray_options');
const directory = mkdtempSync(join(tmpdir(), 'spray-'));
test.after(() => rmSync(directory, { recursive: true }));

function fileOf(name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

async function refusal(argv: readonly string[]): Promise<BeaconError> {
  try {
    await spray(LINE, argv);
  } catch (error) {
    if (error instanceof BeaconError) return error;
    throw error;
  }
  throw new Error(`accepted: ${argv.join(' ')}`);
}

const REFUSED: readonly (readonly [argv: string, message: RegExp])[] = [
  ['-d d --paths FILE', /--paths and --destination both/],
  ['--paths FILE --segment 1', /--segment is of one path/],
  ['-p a,r1,r2 --segment 1 --sweep-hops', /leave --sweep-hops out/],
  ['-p a,r1,r2 --segment 2', /--segment 2 leads from hop 2 to the next, and the path has 2: give 0 to 1/],
  ['-p a,r1,r2 --sweep flow-label', /--sweep flow-label is of IPv6/],
  ['-p a,r1,r2 --sweep outer', /say which with --segment/],
  ['-p a,r1,r2 --sweep inner --landing udp', /needs --landing ipip/],
  ['-p a,r1,r2 --sweep source --flows 9', /--flows 9 is more than the \d values of --sweep source: this host has no more addresses/],
  ['-p a,r1,r2 --flows 3 --values 4,5', /--flows 3 is more than the 2 values of --sweep ports: --values has 2/],
  ['-p a,r1,r2 --values 40001,zwei', /--values zwei is no value of --sweep ports: give numbers/],
  ['-p a,r1,r2 --sweep source --values fd00::1', /give IPv4 addresses or prefixes/],
  ['-p a,r1,r2 --sweep source --values 8.8.4.0/28', /8\.8\.4\.0 is a public address and not this host's/],
  ['-6 -p a,r1,r2,r3,d --sweep flow-label --flows 2', /9 words of a probe .* 8 is the most: give --segment/],
  ['-6 -p a,r1,r2 --sweep flow-label --values 65535,65536', /10 words of a probe \(2 in each of 5 headers\)/],
  ['-6 -p a,r1,r2 --sweep flow-label --values 1048576', /--values 1048576 is no value .* numbers from 1 to 1048575/],
  ['-p a,r1,r2 --values 65536', /--values 65536 is no value of --sweep ports: give numbers from 1 to 65535/],
  ['-p a,r1,r2 --flows 70000', /--flows 70000 is more than the 64512 values of --sweep ports: UDP has no more/],
  ['-p a,r1,r2 --size 200-4000', /A probe of 4000 bytes exceeds the MTU of 1500/],
  ['-p a,r1,r2 --size 80', /cannot hold its headers/],
  ['-p a,r1,r2 --sender live', /--sender live is of the live engine/],
  ['-p a,r1,r2 --matcher xdp', /--matcher xdp is of the live engine/],
  ['-p a,r1,r2 --classic --flows 4', /--flows is of a spray at rate/],
  ['-p a,r1,r2 --classic --rate max', /--rate max is of a spray at rate/],
  ['-p a,r1,r2 --classic --size 100-200', /--size 100-200 is of a spray at rate/],
  ['', /spray needs a path/],
];

test('options that do not go together, or ask for what is not there, are refused by name', async () => {
  const file = fileOf('one', 'a,r1,r2\n');
  for (const [argv, message] of REFUSED) {
    const error = await refusal(
      argv
        .replace('FILE', file)
        .split(' ')
        .filter((word) => word !== ''),
    );
    assert.match(error.message, message);
  }
});

test('more counts than a matcher has are refused with the flows that it can', async () => {
  const file = fileOf('lots', 'a,r1\n'.repeat(5000));
  const { code, message } = await refusal(['--paths', file, '--map', fileOf('map.yaml', mapText(nodesOf(LINE))), '--flows', '60000']);
  assert.equal(
    [code, message.includes('5000 targets with 60000 flows each are more than 268435456 counts: give --flows 53687')],
    ['ERR_USAGE', true],
    message,
  );
});

test('a rate is a number or max, a size a number or a range', async () => {
  const { rate, size, count } = await optionsOf(['--rate', '1.5M', '--size', '128-1400', '-c', '2M']);
  assert.equal([rate, size, count], [1_500_000, { low: 128, high: 1400 }, 2_000_000]);
  assert.is((await optionsOf(['--rate', 'max'])).rate, 'max');
});

test('every wrong line of a file of paths is told, with its number', async () => {
  const file = fileOf('wrong', '# paths\na,r1,r2\n\na,r1,nobody\na\n8.8.8.8,r1\nr1,a\n[r1 r2] # fine\n');
  const { code, message } = await refusal(['--paths', file]);
  assert.is(code, 'ERR_FILE');
  assert.match(message, 'has 4 wrong lines:');
  assert.match(message, /^line 4: .*"nobody"/m);
  assert.match(message, /^line 5: it names nobody but us/m);
  assert.match(message, /^line 6: 8\.8\.8\.8 is a public address/m);
  assert.match(message, /^line 7: a is us: leave it out/m);
  assert.match((await refusal(['--paths', fileOf('none', '# nothing\n')])).message, /has no path/);
  assert.match((await refusal(['--paths', join(directory, 'absent')])).message, /Cannot read .*absent/);
});

test('paths that leave by another first link are told apart', async () => {
  const uplinks = fixture('uplinks', 'spray_uplinks');
  const near = uplinks.links.flatMap(({ ends: [one, other] }) => (one.node === 'a' ? [other.addresses[4]] : []));
  assert.is(near.length, 2);
  try {
    await spray(uplinks, ['--paths', fileOf('apart', near.map((address) => `a,${address}\n`).join(''))]);
    throw new Error('accepted');
  } catch (error) {
    assert.match((error as Error).message, /line 2: it leaves by .* the first path by .*: a spray has one first link/);
  }
});

test('many paths are sprayed at once, each with counts of its own, with a map and without one', async () => {
  const lines = ['a,r1', 'a,r1,r2', 'a,r1,r2,r3', 'a,r1,r2,r3,d', 'r2,r3,d'];
  const file = fileOf('many', `${lines.join('\n')}\n`);
  const map = fileOf('map.yaml', mapText(nodesOf(LINE)));
  for (const more of [[], ['--map', map]]) {
    const ran = await spray(LINE, ['--paths', file, '-c', '5000', '--rate', '5000', '--sweep-hops', ...more], (engine) =>
      engine.fault('r3-d', 'd', { ...NO_FAULT, loss: 0.1 }),
    );
    assert.equal(
      said(ran, 'path').map(({ part, hops }) => [part, hops.length - 1]),
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [4, 4],
        [5, 3],
      ],
    );
    const counts = said(ran, 'count');
    assert.is(counts.length, 1 + 2 + 3 + 4 + 3);
    for (const { part, position, loss } of counts) {
      const behind = (part === 4 && position === 4) || (part === 5 && position === 3);
      assert.ok(behind ? Math.abs(loss! - 0.1) < 0.06 : loss === 0, `path ${part} hop ${position}: ${loss}`);
    }
    assert.equal(
      said(ran, 'problem').map(({ code }) => code),
      ['PUT_IN_FRONT'],
    );
    assert.is(ran.exit, 1);
  }
});

test('sources, inner addresses and waypoint addresses are swept as they were given, and all come home', async () => {
  const sweeps: readonly (readonly [argv: string, values: readonly (string | number)[]])[] = [
    ['--sweep inner --flows 3', ['198.18.0.1', '198.18.0.2', '198.18.0.3']],
    ['--sweep inner --flows 2 -6', ['2001:2::1', '2001:2::2']],
    ['--sweep source --values 10.0.0.1,10.255.0.1', ['10.0.0.1', '10.255.0.1']],
    ['--sweep source --segment 1 --values 10.66.0.0/30', ['10.66.0.0', '10.66.0.1', '10.66.0.2', '10.66.0.3']],
    ['--sweep outer --segment 1 --values 10.255.0.3,10.0.1.2', ['10.255.0.3', '10.0.1.2']],
    ['--sweep flow-label --segment 1 --values 65534-65538,1048575 -6', [65_534, 65_535, 65_536, 65_537, 65_538, 1_048_575]],
    ['--values 40001,40010-40012', [40_001, 40_010, 40_011, 40_012]],
  ];
  for (const [argv, values] of sweeps) {
    const ran = await spray(LINE, ['-p', 'a,r1,r2', '-c', '400', '--rate', '1000', ...argv.split(' ')]);
    const flows = said(ran, 'flow').filter(({ position }) => position === 2);
    assert.equal(
      flows.map(({ value }) => value),
      values,
      argv,
    );
    assert.is(said(ran, 'sprayed')[0]!.lost, 0, argv);
  }
});

test.run();
