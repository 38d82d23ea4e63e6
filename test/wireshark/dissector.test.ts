/** The Wireshark dissector, run by tshark over the captures: it names the probes that decode names, and their legs. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eachPacket } from '../../src/capture/capture.ts';
import { createDecoder } from '../../src/report/decoder.ts';
import { toolMissing } from '../capture/read.ts';
import { skip } from '../skip.ts';

const FOLDER = 'fixtures/captures';
const LUA = ['-X', 'lua_script:wireshark/beacon.lua'];
const FIELDS = ['run', 'path', 'probe', 'leg'].map((field) => `braceroute.${field}`);

const tshark = (...words: readonly string[]): string => {
  const { stdout, stderr, status } = spawnSync('tshark', ['-n', ...LUA, ...words], { encoding: 'utf8', maxBuffer: 1 << 26 });
  const complaints = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Running as user') && !/cut short/.test(line));
  if (complaints.length > 0) throw new Error(`tshark ended with ${status}: ${complaints.join('\n')}`);
  return stdout;
};

/** A row a packet: what our payload says, in the packet or in a quote that reaches to it. */
async function decoded(file: string): Promise<string[]> {
  const decoder = createDecoder();
  const { sight } = decoder;
  const rows: string[] = [];
  await eachPacket(
    [readFileSync(file)],
    (slot) => {
      decoder.look(slot);
      const leg = sight.shape === null ? '' : sight.kind === 'answered' && sight.quoteAt < 0 ? 'reply' : String(sight.leg + 1);
      rows.push(
        sight.identityAt < 0 ? '' : [`0x${sight.run.toString(16).padStart(8, '0')}`, sight.path, sight.sequence, leg].join(' ').trimEnd(),
      );
    },
    () => {},
  );
  return rows;
}

const missing = toolMissing('tshark');
if (missing) skip('the dissector names the probes that decode names', 'needs tshark');
else {
  for (const name of readdirSync(FOLDER).filter(
    (one) => one.endsWith('.pcap') && !one.includes('snapped') && readFileSync(`${FOLDER}/${one}.txt`, 'utf8').includes('probe '),
  )) {
    test(`${name}: run, path, probe and leg are those that decode finds`, async () => {
      const shown = tshark('-r', `${FOLDER}/${name}`, '-T', 'fields', ...FIELDS.flatMap((field) => ['-e', field]))
        .split('\n')
        .slice(0, -1);
      const ours = await decoded(`${FOLDER}/${name}`);
      assert.ok(ours.filter((row) => row !== '').length > 5);
      const theirs = shown.map((line) => line.trimEnd().replaceAll('\t', ' '));
      ours.forEach((row, i) => {
        if (row.endsWith(' reply'))
          assert.ok(theirs[i]!.startsWith(row.slice(0, -6)), `packet ${i + 1}`); // on no leg of its own
        else assert.is(theirs[i], row, `packet ${i + 1}`);
      });
    });
  }

  test('a filter finds one probe, sent and answered', () => {
    const lines = tshark('-r', `${FOLDER}/trace.pcap`, '-Y', 'braceroute.probe == 4').trimEnd().split('\n');
    assert.is(lines.length, 2);
    assert.match(lines[0]!, /\[probe 4\]/);
  });
}

test.run();
