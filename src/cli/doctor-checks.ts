/** What the doctor looks at, one entry a line of its report. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { BeaconError } from '../error.ts';
import { type Addon, loadAddon } from '../host/addon.ts';
import { type Capability, capabilities } from '../host/capabilities.ts';
import { interfaces } from '../host/interface.ts';
import { missingPackages } from '../lab/command.ts';
import { list } from '../lab/list.ts';

export interface Finding {
  readonly says: string;
  /** The one command that mends it; null where nothing is lacking. */
  readonly mend: string | null;
}

const fine = (says: string): Finding => ({ says, mend: null });

export const CHECKS: Readonly<Record<string, () => Finding>> = {
  system: () => fine(`Node ${process.version}, Linux ${release()}`),
  'live engine': () => withAddon((addon) => fine(addon.libraryVersion())),
  'simulated engine': () => fine('works everywhere: --engine simulated --read demo'),
  'trace and probe': () => holding(['CAP_NET_RAW'], 'raw packets'),
  'spray at rate': () => holding(['CAP_NET_RAW', 'CAP_NET_ADMIN', 'CAP_BPF'], 'raw packets, eBPF (not built yet: only --classic)'),
  lab,
  interfaces: () => withAddon((addon) => fine(interfacesText(addon))),
  leftovers,
};

function withAddon(look: (addon: Addon) => Finding): Finding {
  try {
    return look(loadAddon());
  } catch (error) {
    if (!(error instanceof BeaconError)) throw error;
    return { says: 'not built', mend: 'apt-get install -y libpcap-dev g++ make python3 && npm run build' };
  }
}

function holding(wanted: readonly Capability[], what: string): Finding {
  const held = capabilities();
  const missing = wanted.filter((name) => !held.has(name));
  if (missing.length === 0) return fine(what);
  return { says: `without ${missing.join(', ')}`, mend: 'run it as root, or see "Privileges" in README.md' };
}

function lab(): Finding {
  const packages = missingPackages();
  if (process.geteuid?.() !== 0) return { says: `needs root (user id ${process.geteuid?.()} here)`, mend: 'run it as root' };
  if (packages.length > 0) return { says: `lacks ${packages.join(', ')}`, mend: `apt-get install -y ${packages.join(' ')}` };
  return fine(`kernel routers on this machine${hasBtf() ? '' : ' (the kernel has no BTF)'}`);
}

function hasBtf(): boolean {
  try {
    return readFileSync('/sys/kernel/btf/vmlinux').length > 0;
  } catch {
    return false;
  }
}

const interfacesText = (addon: Addon): string =>
  interfaces(addon)
    .map(({ name, mtu, up }) => (up ? `${name} (${mtu} bytes)` : `${name} (down)`))
    .join(', ');

function leftovers(): Finding {
  const labs = list();
  const broken = labs.filter(({ phase }) => phase === 'broken').map(({ name }) => name);
  const up = labs.filter(({ phase }) => phase === 'up').map(({ name }) => name);
  const says = up.length === 0 ? 'no lab is up' : `labs that are up: ${up.join(', ')}`;
  if (broken.length === 0) return fine(says);
  return { says: `${says}; half a lab: ${broken.join(', ')}`, mend: broken.map((name) => `braceroute lab down ${name}`).join(' && ') };
}
