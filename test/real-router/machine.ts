/**
 * A machine of its own whose routers are Debian's kernel and nothing of ours: each a namespace that decapsulates by tunl0 (RFC 2003)
 * and ip6tnl0 (RFC 2473). The vantage stays here, at the other end of a tap device.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { linksBatch, nodeBatch } from '../../src/lab/wiring.ts';
import { endsOf, vantageOf } from '../../src/topology/lookup.ts';
import type { Topology, TopologyNode } from '../../src/topology/topology.ts';
import { consoleOf, type Qemu } from './console.ts';

export const IMAGE = 'build/real-router';

/** Why there is no such machine here, or null. */
export const machineMissing = (): string | null =>
  existsSync(join(IMAGE, 'ready')) ? null : 'no machine: npm run test:real-router prepares one where it can';

export interface Machine extends AsyncDisposable {
  /** Namespace of the vantage on this system. */
  readonly namespace: string;
  /** Runs one line of shell in the machine; `on(r1, …)` puts it on a router. Resolves to what it printed. */
  shell(line: string): Promise<string>;
}

export const on = (topology: Topology, node: string, command: string): string => `ip netns exec ${namespaceOf(topology, node)} ${command}`;

const namespaceOf = ({ name }: Topology, node: string): string => `beacon-${name}-${node}`;

/** Raises it, and the vantage with its one link. */
export async function boot(topology: Topology): Promise<Machine> {
  const vantage = vantageOf(topology);
  const namespace = namespaceOf(topology, vantage.name);
  const directory = mkdtempSync(join(tmpdir(), 'beacon-real-router-'));
  const uplink = endsOf(topology, vantage.name)[0]!.end.interface;
  execFileSync('ip', ['netns', 'add', namespace]);
  const qemu = startQemu(namespace, uplink, initramfs(directory, setupScript(topology)));
  const console = consoleOf(qemu);
  try {
    await console.until(/^UP\r?$/m);
    const input = nodeBatch(topology, vantage);
    execFileSync('ip', ['netns', 'exec', namespace, 'ip', '-batch', '-'], { input });
  } catch (error) {
    await end();
    throw error;
  }

  async function end(): Promise<void> {
    if (qemu.exitCode === null) {
      qemu.kill('SIGKILL');
      await once(qemu, 'close');
    }
    execFileSync('ip', ['netns', 'del', namespace]);
    rmSync(directory, { recursive: true });
  }
  return { namespace, shell: (line) => console.ask(line), [Symbol.asyncDispose]: end };
}

function startQemu(namespace: string, tap: string, initrd: string): Qemu {
  const argv = ['-m', '256', '-nographic', '-no-reboot', '-monitor', 'none', '-serial', 'stdio', '-nodefaults'];
  const kernel = ['-kernel', join(IMAGE, 'vmlinuz'), '-initrd', initrd, '-append', 'console=ttyS0 quiet panic=-1'];
  const network = ['-netdev', `tap,id=n,ifname=${tap},script=no,downscript=no`, '-device', 'virtio-net-pci,netdev=n'];
  // Emulated: KVM inside a virtual machine was seen to hang, and a router has little to compute.
  const machine = ['netns', 'exec', namespace, 'qemu-system-x86_64', '-accel', 'tcg', ...argv, ...kernel, ...network];
  return spawn('ip', machine, { stdio: ['pipe', 'pipe', 'ignore'] });
}

/** The prepared file system and, behind it, one more archive with the script (the kernel unpacks them in turn). */
function initramfs(directory: string, script: string): string {
  writeFileSync(join(directory, 'setup'), script);
  const busybox = join(process.cwd(), IMAGE, 'busybox');
  const archive = execFileSync(busybox, ['cpio', '-o', '-H', 'newc'], {
    cwd: directory,
    input: 'setup\n',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const file = join(directory, 'initramfs');
  writeFileSync(file, Buffer.concat([readFileSync(join(IMAGE, 'initramfs.gz')), gzipSync(archive)]));
  return file;
}

function setupScript(topology: Topology): string {
  const vantage = vantageOf(topology).name;
  const routers = topology.nodes.filter(({ name }) => name !== vantage);
  const links = linksBatch(topology)
    .split('\n')
    .filter(
      (line) => line !== '' && !line.includes(`netns ${namespaceOf(topology, vantage)} `) && !line.endsWith(namespaceOf(topology, vantage)),
    );
  const first = endsOf(topology, vantage)[0]!.far;
  return [
    'set -e',
    ...routers.map(({ name }) => `ip netns add ${namespaceOf(topology, name)}`),
    batch(links.join('\n')),
    `ip link set eth0 netns ${namespaceOf(topology, first.node)} name ${first.interface}`,
    ...routers.flatMap((router) => routerLines(topology, router)),
    '',
  ].join('\n');
}

const batch = (lines: string): string => `ip -batch - <<END\n${lines}\nEND`;

/** As its administrator would set it up; every limit of the kernel's stays as it is. */
function routerLines(topology: Topology, router: TopologyNode): string[] {
  const sysctls = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1', 'net.ipv4.conf.all.rp_filter=0'];
  const quick = ['net.ipv6.conf.all.accept_dad=0', 'net.ipv6.conf.default.accept_dad=0'];
  const inside = (command: string): string => on(topology, router.name, command);
  return [
    ...[...sysctls, ...quick].map((sysctl) => inside(`sysctl -q -w ${sysctl}`)),
    inside(batch(nodeBatch(topology, router))),
    inside('ip link set tunl0 up'),
    inside('ip link set ip6tnl0 up'),
  ];
}
