import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { spraysOfKernel } from '../../src/cli/doctor-checks.ts';
import { rootMissing, skip } from '../skip.ts';

const doctor = (before: readonly string[] = []): { status: number | null; lines: string[] } => {
  const [command, ...argv] = [...before, process.execPath, 'bin/braceroute.js', 'doctor'];
  const { status, stdout } = spawnSync(command!, argv, { encoding: 'utf8' });
  return { status, lines: stdout.trim().split('\n') };
};

/** The lines of one check, joined: what is wrapped, and what mends it. */
function finding(lines: readonly string[], check: string): string {
  const first = lines.findIndex((line) => line.slice(9).startsWith(`${check} `));
  const next = lines.findIndex((line, index) => index > first && !line.startsWith(' '));
  return lines
    .slice(first, next < 0 ? undefined : next)
    .map((line) => line.trim())
    .join(' ');
}

const ASLEEP = ['-e', 'setTimeout(() => {}, 20_000)'];

const reason = rootMissing();
if (reason) skip('the doctor finds root and a stranger different', reason);
else {
  test('as root with everything installed nothing that a trace needs is lacking', () => {
    const { status, lines } = doctor();
    assert.is(status, 0);
    for (const check of ['live engine', 'trace and probe', 'lab', 'clang', 'eBPF']) assert.match(finding(lines, check), /^ok /);
  });

  test('the text fits 80 columns; a command stands on one line', () => {
    const { lines } = doctor();
    assert.equal(
      lines.filter((line) => line.length > 80 && !line.includes('mend it: ')),
      [],
    );
  });

  test('without privileges it says what is lacking and what mends it, and ends with 3', () => {
    const { status, lines } = doctor(['setpriv', '--reuid', '65534', '--clear-groups']);
    assert.is(status, 3);
    assert.match(finding(lines, 'trace and probe'), /^lacking .*without CAP_NET_RAW;.*mend it: sudo \S+ \S*braceroute\.js …$/);
    assert.match(finding(lines, 'spray at rate'), /without CAP_NET_RAW, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON/);
    assert.match(finding(lines, 'lab'), /needs root \(user id 65534 here\) mend it: sudo/);
    assert.match(finding(lines, 'simulated engine'), /^ok /);
  });

  test('with that privilege alone, traces and probes are fine', () => {
    const { status, lines } = doctor(['setpriv', '--bounding-set', '-all,+net_raw', '--inh-caps', '-all']);
    assert.is(status, 0);
    assert.match(finding(lines, 'trace and probe'), /^ok /);
    assert.match(finding(lines, 'spray at rate'), /^lacking .*without CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON/);
  });

  test('a compiler that is not there, and IPv6 that is switched off, are told with their mends', () => {
    const bare = [
      'mount -t sysfs s /sys',
      'sysctl -qw net.ipv6.conf.all.disable_ipv6=1',
      'clang=$(command -v clang)',
      'mount --bind /dev/null "$(readlink -f "$clang")"',
      'exec "$@"',
    ].join(' && ');
    const { lines } = doctor(['unshare', '--net', '--mount', 'sh', '-c', bare, 'sh']);
    assert.match(finding(lines, 'lab'), /^lacking .*lacks clang mend it: apt-get install -y clang$/);
    assert.match(finding(lines, 'clang'), /^lacking .*mend it: apt-get install -y clang libbpf-dev$/);
    assert.match(finding(lines, 'addresses'), /^lacking .*IPv6 is disabled mend it: sysctl -w net\.ipv6\.conf\.all\.disable_ipv6=0$/);
    assert.match(finding(lines, 'eBPF'), /^ok .*\/sys\/fs\/bpf is mounted by the first lab$/);
  });

  test('what is not built is told: without it no packet leaves, and no link of a lab delays', () => {
    const bare = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none native/build/Release && exec "$@"', 'sh'];
    const { status, lines } = doctor(bare);
    assert.is(status, 4);
    assert.match(finding(lines, 'live engine'), /^lacking .*not built.* mend it: apt-get install .*libpcap-dev.* && npm run build$/);
    assert.match(finding(lines, 'lab'), /^lacking .*cannot delay: the relay is not built mend it: .* && npm run build$/);
  });

  test('half a lab is a leftover, and the command that removes it is told', () => {
    spawnSync('mkdir', ['-p', '/etc/netns/beacon-t_half-a']);
    try {
      assert.match(finding(doctor().lines, 'leftovers'), /^lacking .*t_half \(\/etc\/netns\).*mend it: .*braceroute lab down t_half/);
    } finally {
      spawnSync('rmdir', ['/etc/netns/beacon-t_half-a']);
    }
  });

  test('a process that outlived its lab is a leftover, and so is what ends it', async () => {
    const child = spawn(process.execPath, ASLEEP, { env: { ...process.env, BEACON_LAB: 't_gone' } });
    await once(child, 'spawn');
    try {
      const found = finding(doctor().lines, 'leftovers');
      assert.match(found, new RegExp(`^lacking .*process ${child.pid} of lab t_gone.*mend it: .*kill .*${child.pid}`));
    } finally {
      child.kill('SIGKILL');
    }
  });
}

test('what the kernel does not take for a spray is named with its reason, and so is how tc would be held', () => {
  const all = { matchers: null, live: null, afxdp: null, tcx: true };
  assert.equal(spraysOfKernel(all), {
    says: 'senders live, afxdp, sendmmsg, inject; matchers tc (tcx link), xdp, pcap',
    mend: null,
    lacking: false,
  });
  assert.match(spraysOfKernel({ ...all, tcx: false }).says, 'tc (clsact filter)');
  // as Debian's 5.10 answers
  assert.equal(spraysOfKernel({ matchers: 'it needs Linux 5.12', live: 'Linux 5.18 has them', afxdp: null, tcx: false }), {
    says: 'slower: senders afxdp, sendmmsg, inject; matchers pcap; not live: Linux 5.18 has them; not tc and xdp: it needs Linux 5.12',
    mend: null,
    lacking: true,
  });
});

test.run();
