/** Recorded sprays on a network in memory: told alike by their replays, also where the file is cut. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packedCounts, unpackedCounts } from '../../src/engine/recording/sparse.ts';
import { assertEvents } from '../report/schema.ts';
import { braceroute, linesOf, of, type Ran, simulated } from './command.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'braceroute-'));
process.on('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
const file = join(FOLDER, 'run.pcapng');

const unnamed = ({ stdout }: Ran): string => stdout.replace(/"engine":"[a-z]+"/, '');

test('a replayed spray is the run, with paths from a file that is gone', async () => {
  const paths = join(FOLDER, 'paths.txt');
  writeFileSync(paths, 'a,r1,r2\na,r1,r2,r3,d\n');
  const argv = ['spray', '--paths', paths, '--sweep-hops', '--flows', '3', '-c', '3000', '--rate', '2000', '--json', '--write', file];
  const run = await simulated('line', argv);
  assert.is(run.code, 0);
  rmSync(paths);
  const again = await braceroute(['replay', file, '--json']);
  assert.is(unnamed(again), unnamed(run));
});

test('of a recording that is cut what was sent is unknown, not lost', async () => {
  const run = await simulated('line', ['spray', '-p', 'a,r1,r2', '-c', '3000', '--rate', '2000', '--json', '--write', file]);
  assert.is(run.code, 0);
  const whole = readFileSync(file);
  const cut = join(FOLDER, 'cut.pcapng');
  writeFileSync(cut, whole.subarray(0, Math.floor(whole.length / 2)));
  const { code, stdout } = await braceroute(['replay', cut, '--json']);
  const events = assertEvents(linesOf(stdout));
  const [total] = of(events, 'sprayed');
  assert.equal([code, total!.lost, total!.unknown === total!.sent], [5, 0, true]);
  assert.ok(total!.sent > 500 && total!.sent < 2500, `${total!.sent} were sent by then`);
  assert.ok(of(events, 'problem').some(({ code: said }) => said === 'RECORDING_ENDS'));
});

test('counts that are packed are the counts', () => {
  const count = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 2 ** 40 }));
  fc.assert(
    fc.property(fc.array(count, { maxLength: 400 }), (counts) => {
      const again = new Float64Array(counts.length);
      unpackedCounts(packedCounts(Float64Array.from(counts)), again);
      assert.equal([...again], counts);
    }),
  );
  const three = new Float64Array(3);
  unpackedCounts(Uint8Array.of(1, 0x85, 0x01), three); // LEB128 of 133, as DWARF 5 §7.6 writes it
  assert.equal([...three], [0, 133, 0]);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => unpackedCounts(bytes, three)));
});

test.run();
