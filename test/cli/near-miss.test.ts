/** Which words are taken for a command that was mistyped, and which for a host. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { nearMiss } from '../../src/cli/near-miss.ts';
import { program } from '../../src/cli/program.ts';

const COMMANDS = program('0.0.0', async () => {}).commands.map((command) => command.name());

test('a letter left out, doubled, changed or swapped with its neighbour is a near miss', () => {
  const misses = {
    prob: 'probe',
    probbe: 'probe',
    prove: 'probe',
    rpobe: 'probe',
    trcae: 'trace',
    spary: 'spray',
    demoo: 'demo',
    hlep: 'help',
    lba: 'lab',
  };
  for (const [word, command] of Object.entries(misses)) assert.is(nearMiss(word, COMMANDS), command, word);
});

test('capitals are a slip too', () => {
  assert.is(nearMiss('Probe', COMMANDS), 'probe');
});

test('names of hosts are hosts: with a dot or a digit, short, or like no command', () => {
  for (const word of ['prob.example', 'probe1', 'r1', 'd', 'ns', 'localhost', 'router', 'gateway', '10.0.0.1', 'fd00::1', '-r'])
    assert.is(nearMiss(word, COMMANDS), null, word);
});

test('a command is its own nearest', () => {
  for (const command of COMMANDS) assert.is(nearMiss(command, COMMANDS), command);
});

test.run();
