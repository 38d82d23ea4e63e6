import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { capabilities } from '../../src/host/capabilities.ts';

const held = (mask: string): string[] => [...capabilities(`Name:\tnode\nCapEff:\t${mask}\nCapBnd:\t000001ffffffffff\n`)];

// Masks as capsh(1) --decode explains them: 0x2000 is cap_net_raw, 0x1000 cap_net_admin, 0x4000000000 cap_perfmon, 0x8000000000 cap_bpf.
test('the effective mask is read bit by bit', () => {
  assert.equal(held('0000000000000000'), []);
  assert.equal(held('0000000000002000'), ['CAP_NET_RAW']);
  assert.equal(held('0000000000001000'), ['CAP_NET_ADMIN']);
  assert.equal(held('0000004000000000'), ['CAP_PERFMON']);
  assert.equal(held('0000008000000000'), ['CAP_BPF']);
  assert.equal(held('000001ffffffffff'), ['CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_PERFMON', 'CAP_BPF']);
});

test('where nothing tells, nothing is held', () => {
  assert.equal([...capabilities('')], []);
});

test.run();
