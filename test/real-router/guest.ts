/**
 * A machine of its own in which braceroute itself runs: Debian's kernel over this system's files. It has four interfaces that are no veth:
 * eth0 and eth1 (virtio_net) are joined by a wire, eth2 and eth3 (e1000) by another.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Console, consoleOf } from './console.ts';
import { IMAGE } from './machine.ts';

export interface Guest extends AsyncDisposable {
  /** Runs one line of shell in the folder of the project. Resolves to what it printed. */
  readonly shell: Console['ask'];
}

export async function bootGuest(): Promise<Guest> {
  const nics = (['virtio-net-pci', 'e1000'] as const).flatMap((device, wire) =>
    ['near', 'far'].flatMap((end) => ['-netdev', `hubport,id=${end}${wire},hubid=${wire}`, '-device', `${device},netdev=${end}${wire}`]),
  );
  const argv = ['-m', '1024', '-smp', '2', '-nographic', '-no-reboot', '-monitor', 'none', '-serial', 'stdio', '-nodefaults'];
  const kernel = ['-kernel', join(IMAGE, 'vmlinuz'), '-initrd', join(IMAGE, 'guest.gz')];
  const command = ['-append', 'console=ttyS0 loglevel=0 panic=-1 net.ifnames=0'];
  const files = [
    '-fsdev',
    'local,id=host,path=/,security_model=none,readonly=on,multidevs=remap',
    '-device',
    'virtio-9p-pci,fsdev=host,mount_tag=host',
  ];
  const qemu = spawn(
    'qemu-system-x86_64',
    ['-accel', 'tcg,thread=multi', '-cpu', 'max', ...argv, ...kernel, ...command, ...files, ...nics],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  async function end(): Promise<void> {
    if (qemu.exitCode !== null) return;
    qemu.kill('SIGKILL');
    await once(qemu, 'close');
  }
  const { until, ask } = consoleOf(qemu);
  try {
    await until(/^READY\r?$/m);
  } catch (error) {
    await end();
    throw error;
  }
  return { shell: (line) => ask(`cd ${process.cwd()}; ${line}`), [Symbol.asyncDispose]: end };
}
