/** A recorded run of `locate`, replayed without its topology file: the same events at the same times. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { braceroute, eventsOf, linesOf, of, simulated, topologyFile } from '../cli/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'braceroute-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const recording = join(folder, 'run.pcapng');
const drawn = join(folder, 'drawn.yaml');

/** The engine's name is the replay's own. */
const told = (events: readonly Event[]): object[] => events.map((event) => (event.type === 'start' ? { ...event, engine: '' } : event));

test('a run by --topology replays to the same events once the file is gone, and ends with the same code', async () => {
  copyFileSync(topologyFile('diamond'), drawn);
  const argv = ['locate', '--topology', drawn, '--threshold', '1%', '--json'];
  const live = eventsOf(await simulated('diamond', [...argv, '--write', recording]));
  rmSync(drawn);
  const again = eventsOf(await braceroute(['replay', recording, '--json']));
  assert.equal([of(live, 'verdict')[0]!.kind, of(live, 'end')[0]!.exit], ['clear', 0]);
  assert.equal(told(again), told(live));
});

test('a run along a path replays to the same events', async () => {
  const live = eventsOf(await simulated('line', ['locate', '-d', 'd', '--threshold', '1%', '--json', '--write', recording]));
  assert.equal(told(eventsOf(await braceroute(['replay', recording, '--json']))), told(live));
});

test('too small a budget ends with 5, and says what no walk of the plan tells apart', async () => {
  const { code, stdout } = await simulated('demo', ['locate', '--topology', 'demo', '--budget', '100']);
  assert.is(code, 5);
  assert.match(stdout, /^This plan cannot tell apart the directions of a–r1, r5–d$/m);
  assert.match(linesOf(stdout)[0]!, /^Cannot tell: too few probes/);
});

test.run();
