/** Other programs that send as fast as they can, one thread each; whoever is not installed says so. */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../src/package-root.ts';
import { attach, FAR_MAC, forgetGaps, gaps, inside, NEAR, NEAR_MAC, run } from './spray-veth.ts';
import { FRAME } from './spray-ways.ts';

export interface Peer {
  readonly name: string;
  /** Where its program or its module stands. */
  readonly needs: string;
  readonly argv: () => readonly string[];
  /** Where it runs; the project's folder where it is left out. */
  readonly cwd?: string;
}

const hex = (mac: string): string => mac.replaceAll(':', '');

/** IPv4 in IPv4, UDP and zeros: what the others send too. */
const frame = (): Buffer => {
  const header = (length: number, protocol: string, last: string): string =>
    `4500${length.toString(16).padStart(4, '0')}0001400040${protocol}00000a6300010a6300${last}`;
  const start = `${hex(FAR_MAC)}${hex(NEAR_MAC)}0800${header(FRAME - 14, '04', '02')}${header(FRAME - 34, '11', '01')}829a829b00340000`;
  return Buffer.concat([Buffer.from(start, 'hex')], FRAME);
};

function trafgenFile(): string {
  const path = join(inside!, 'trafgen.cfg');
  writeFileSync(path, `{ ${[...frame()].join(', ')} }\n`);
  return path;
}

/** A capture of a thousand such frames. */
function captureFile(): string {
  const path = join(inside!, 'thousand.pcap');
  const header = Buffer.from(Uint32Array.of(0xa1b2c3d4, 0x0004_0002, 0, 0, 65_535, 1).buffer);
  const record = Buffer.concat([Buffer.from(Uint32Array.of(0, 0, FRAME, FRAME).buffer), frame()]);
  writeFileSync(path, Buffer.concat([header, ...Array.from({ length: 1000 }, () => record)]));
  return path;
}

const scripts: Readonly<Record<'cap' | 'pcap', string>> = {
  cap: `const { Cap } = require('cap'); const c = new Cap(); c.open('${NEAR}', 'less 1', 1 << 20, Buffer.alloc(2048));
    const send = () => c.send(frame, frame.length);`,
  pcap: `const session = require('pcap').createSession('${NEAR}', { filter: 'less 1' }); const send = () => session.inject(frame);`,
};
const node = (name: 'cap' | 'pcap'): Peer => ({
  name: `npm ${name}`,
  needs: join(import.meta.dirname, '../node_modules', name, 'build/Release', name === 'cap' ? 'cap.node' : 'pcap_binding.node'),
  argv: () => [process.execPath, '-e', `const frame = Buffer.from('${frame().toString('hex')}', 'hex'); ${scripts[name]} for (;;) send();`],
});

export const PEERS: readonly Peer[] = [
  {
    name: 'trafgen',
    needs: '/usr/sbin/trafgen',
    argv: () => ['/usr/sbin/trafgen', '--dev', NEAR, '--conf', trafgenFile(), '--cpus', '1', '--qdisc-path'],
  },
  {
    name: 'trafgen, TX ring',
    needs: '/usr/sbin/trafgen',
    argv: () => ['/usr/sbin/trafgen', '--dev', NEAR, '--conf', trafgenFile(), '--cpus', '1'],
  },
  {
    name: 'tcpreplay',
    needs: '/usr/bin/tcpreplay',
    argv: () => ['/usr/bin/tcpreplay', '--topspeed', '--preload-pcap', '--loop', '1000000', '--intf1', NEAR, captureFile()],
  },
  {
    name: 'masscan',
    needs: '/usr/bin/masscan',
    cwd: tmpdir(), // it leaves a file where it stands
    argv: () => [
      ...['/usr/bin/masscan', '10.0.0.0/8', '-p1-65535', '--rate', '100000000', '--wait', '0', '--adapter', NEAR],
      ...['--adapter-ip', '10.99.0.1', '--adapter-mac', NEAR_MAC, '--router-mac', FAR_MAC],
    ],
  },
  {
    name: 'zmap',
    needs: '/usr/sbin/zmap',
    argv: () => [
      ...['/usr/sbin/zmap', '--target-port=80', '--sender-threads=1', '--rate=0', '--cooldown-time=0', '--interface', NEAR],
      ...['--gateway-mac', FAR_MAC, '--source-ip', '10.99.0.1', '--blacklist-file=/dev/null', '--verbosity=0', '10.0.0.0/8'],
    ],
  },
  node('cap'),
  node('pcap'),
];

export const isThere = ({ needs }: Peer): boolean => existsSync(needs);

/** Millions of packets a second that arrive, between the first and the last of them: how long it takes to start is left out. */
export function peerMillions({ argv, cwd }: Peer, seconds: number): number {
  attach('tc_gaps');
  forgetGaps();
  run('ip', 'address', 'add', '10.99.0.1/32', 'dev', NEAR); // zmap asks for it
  spawnSync('timeout', ['--signal=INT', '--kill-after=1', String(seconds), ...argv()], { stdio: 'ignore', cwd: cwd ?? PACKAGE_ROOT });
  run('ip', 'address', 'del', '10.99.0.1/32', 'dev', NEAR);
  const measured = gaps();
  return measured.packets > 1 ? measured.packets / measured.seconds / 1e6 : 0;
}
