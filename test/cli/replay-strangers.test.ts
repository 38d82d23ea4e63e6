/** Captures that nobody made to be replayed: whatever they hold, the answer is a report or a reason, never a bug of ours. */
import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { braceroute } from './command.ts';

const DIRECTORY = 'fixtures/captures';
const CAPTURES = readdirSync(DIRECTORY).filter((file) => /\.pcap(ng)?(\.gz)?$/.test(file));

test(`${CAPTURES.length} captures of other tools and other runs are replayed, or refused with a reason`, async () => {
  assert.ok(CAPTURES.length > 10);
  for (const file of CAPTURES) {
    const { code, stdout, stderr } = await braceroute(['replay', `${DIRECTORY}/${file}`]);
    assert.ok([0, 1, 2, 5].includes(code!), `${file} ended with ${code}: ${stderr}`);
    assert.ok(code === 0 || stderr.startsWith('braceroute: '), `${file}: ${stderr}`);
    assert.not.match(stdout + stderr, /bug of ours/, file);
  }
});

test.run();
