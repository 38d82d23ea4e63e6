/** What the doctor looks at, one entry a line of its report. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { LIMITS, type Limit, limitText, type PackageName } from '../engine/packages/limits.ts';
import { BeaconError } from '../error.ts';
import { type Addon, loadAddon } from '../host/addon.ts';
import { type Capability, capabilities } from '../host/capabilities.ts';
import { interfaces } from '../host/interface.ts';
import { MEND_PACKAGES, packageVersion } from '../host/optional-package.ts';
import { globalAddresses } from '../host/own-addresses.ts';
import { linkSpeed } from '../host/speed.ts';
import { loadMatcherAddon, MATCH_OBJECT, type MatcherAddon } from '../host/spray-addon.ts';
import { loadSenderAddon, SEND_OBJECT, type SprayKernel } from '../host/spray-native.ts';
import { missingPackages, PATH } from '../lab/command.ts';
import { leftovers } from '../lab/leftovers.ts';
import { isBpfMounted } from '../lab/pins.ts';
import { BPF_MOUNT } from '../lab/places.ts';
import { hasRelay } from '../lab/relay.ts';
import { familyOf } from '../wire/address.ts';
import { isPrivate } from '../wire/scope.ts';

export interface Finding {
  readonly says: string;
  /** The one command that mends it; null where nothing is lacking, or nothing mends it. */
  readonly mend: string | null;
  readonly lacking: boolean;
}

/** As it is to be typed by whoever asks. */
function asRoot(command: string): string {
  return process.geteuid?.() === 0 ? command : `sudo ${command}`;
}

const ourselves = (): string => `sudo ${process.execPath} ${process.argv[1]} …`;

const fine = (says: string): Finding => ({ says, mend: null, lacking: false });
const lacking = (says: string, mend: string | null): Finding => ({ says, mend, lacking: true });

export const CHECKS: Readonly<Record<string, () => Finding>> = {
  system: () => fine(`Node ${process.version}, Linux ${release()}`),
  'live engine': () => withAddon((addon) => fine(addon.libraryVersion())),
  'pcap engine': () => packageEngine('pcap'),
  'cap engine': () => packageEngine('cap'),
  'simulated engine': () => fine('any topology, in virtual time: --engine simulated --read demo'),
  'trace and probe': () => holding(['CAP_NET_RAW'], 'may send and hear raw packets'),
  'spray at rate': sprays,
  lab,
  clang,
  eBPF: bpf,
  interfaces: () => withAddon((addon) => fine(interfacesText(addon)), fine('not known without the live engine')),
  addresses,
  leftovers: remains,
};

const BUILD = `${asRoot('apt-get install -y libpcap-dev g++ make python3')} && npm run build`;
const NO_ADDON = lacking('not built (it needs libpcap)', BUILD);

const SPRAY_BUILD = `${asRoot('apt-get install -y libpcap-dev libbpf-dev clang g++ make python3')} && npm run build`;

function withAddon(look: (addon: Addon) => Finding, without: Finding = NO_ADDON): Finding {
  try {
    return look(loadAddon());
  } catch (error) {
    if (!(error instanceof BeaconError)) throw error;
    return without;
  }
}

/** Second engines: nothing is lost without them. */
function packageEngine(name: PackageName): Finding {
  const version = packageVersion(name);
  if (version === null) return lacking(`npm's ${name} is not installed or not built`, asRoot(MEND_PACKAGES));
  const limits: readonly Limit[] = Object.values(LIMITS[name]);
  return fine(`npm's ${name} ${version}: ${limits.map(limitText).join('; ')} (docs/engines.md)`);
}

function holding(wanted: readonly Capability[], what: string): Finding {
  const held = capabilities();
  const missing = wanted.filter((name) => !held.has(name));
  if (missing.length === 0) return fine(what);
  const without = wanted.length === 1 ? '; README.md, "Privileges", tells how to have it without root' : '';
  return lacking(`without ${missing.join(', ')}${without}`, ourselves());
}

/** The sender `live` and the matchers in the kernel are compiled programs; the rest is the addon's. */
function sprays(): Finding {
  if (!isSprayBuilt()) return lacking('not built: only --classic, at the rate of probe', SPRAY_BUILD);
  if (!existsSync(SEND_OBJECT) || !existsSync(MATCH_OBJECT))
    return lacking('slower: the programs that send and match in the kernel are not compiled', SPRAY_BUILD);
  const rights = holding(['CAP_NET_RAW', 'CAP_NET_ADMIN', 'CAP_BPF', 'CAP_PERFMON'], '');
  return rights.lacking ? rights : spraysOfKernel(loadSenderAddon().sprayKernel(MATCH_OBJECT, SEND_OBJECT));
}

/** Only another kernel mends what is lacking, and all of it works by what is there. */
export function spraysOfKernel({ matchers, live, afxdp, tcx }: SprayKernel): Finding {
  const senders = [...(live === null ? ['live'] : []), ...(afxdp === null ? ['afxdp'] : []), 'sendmmsg', 'inject'];
  const ways = `senders ${senders.join(', ')}; matchers ${matchers === null ? `tc (${tcx ? 'tcx link' : 'clsact filter'}), xdp, ` : ''}pcap`;
  const against = { live, afxdp, 'tc and xdp': matchers };
  const why = Object.entries(against).flatMap(([name, reason]) => (reason === null ? [] : [`; not ${name}: ${reason}`]));
  return why.length === 0 ? fine(ways) : lacking(`slower: ${ways}${why.join('')}`, null);
}

function isSprayBuilt(): boolean {
  try {
    loadSenderAddon();
    return true;
  } catch (error) {
    if (!(error instanceof BeaconError)) throw error;
    return false;
  }
}

function lab(): Finding {
  const packages = missingPackages();
  if (packages.length > 0) return lacking(`lacks ${packages.join(', ')}`, asRoot(`apt-get install -y ${packages.join(' ')}`));
  if (process.geteuid?.() !== 0) return lacking(`needs root (user id ${process.geteuid?.()} here)`, ourselves());
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major < 5 || (major === 5 && minor < 12)) return lacking(`its programs need Linux 5.12, and this is ${release()}`, null);
  if (!hasRelay()) return lacking('kernel routers on this machine, whose links cannot delay: the relay is not built', BUILD);
  return fine('kernel routers on this machine');
}

/** Only the lab compiles anything here. */
function clang(): Finding {
  const { stdout } = spawnSync('clang', ['--version'], { encoding: 'utf8', env: { ...process.env, PATH } });
  const version = /clang version \S+/.exec(stdout ?? '')?.[0];
  return version === undefined
    ? lacking('not found: the lab compiles its eBPF programs', asRoot('apt-get install -y clang libbpf-dev'))
    : fine(version);
}

function bpf(): Finding {
  if (!existsSync(BPF_MOUNT)) return lacking(`this kernel has no ${BPF_MOUNT}: no lab here`, null);
  const btf = existsSync('/sys/kernel/btf/vmlinux') ? 'BTF' : 'no BTF';
  if (textOf('/proc/sys/net/core/bpf_jit_enable') === '0')
    return lacking(`programs are interpreted (${btf})`, asRoot('sysctl -w net.core.bpf_jit_enable=1'));
  return fine(`compiled by the kernel (JIT), ${btf}, ${BPF_MOUNT} is ${isBpfMounted() ? 'mounted' : 'mounted by the first lab'}`);
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}

const interfacesText = (addon: Addon): string =>
  interfaces(addon)
    .map(({ name, mtu, up }) => (up ? `${name} (${mtu} bytes${speedText(linkSpeed(addon, name))})` : `${name} (down)`))
    .join(', ');

const speedText = (bitsPerSecond: number | null): string => (bitsPerSecond === null ? '' : `, ${bitsPerSecond / 1e6} Mb/s`);

/** Without IPv6 half of the commands' options mean nothing, so that is told too. */
function addresses(): Finding {
  const all = globalAddresses();
  const listed = all.map((address) => `${address}${isPrivate(address) ? ' (private)' : ''}`).join(', ');
  if (textOf('/proc/sys/net/ipv6/conf/all/disable_ipv6') === '1') {
    return lacking(`${listed || 'none'}; IPv6 is disabled`, asRoot('sysctl -w net.ipv6.conf.all.disable_ipv6=0'));
  }
  if (all.length === 0)
    return lacking('none but those of links: nothing can come home', asRoot('ip address add ADDRESS/LENGTH dev INTERFACE'));
  return fine(all.some((address) => familyOf(address) === 6) ? listed : `${listed}; none for IPv6`);
}

/** What a spray that was killed left on tc ingress; none where nothing sprays here. */
function matcherLeftovers(): ReturnType<MatcherAddon['matcherLeftovers']> {
  try {
    return loadMatcherAddon().matcherLeftovers();
  } catch (error) {
    if (error instanceof BeaconError) return [];
    throw error;
  }
}

function remains(): Finding {
  const { up, rising, broken, processes } = leftovers();
  const matchers = matcherLeftovers();
  const present = [
    up.length === 0 ? 'no lab is up' : `labs that are up: ${up.join(', ')}`,
    ...rising.map((lab) => `${lab} is being raised`),
    ...broken.map((half) => `half a lab: ${half.lab} (${half.places.join(', ')})`),
    ...processes.map(({ pid, lab }) => `process ${pid} of lab ${lab}, which is gone`),
    ...matchers.map(({ device }) => `a spray's matcher on ${device}, which lets everything pass; the next spray removes it`),
  ].join('; ');
  if (broken.length + processes.length + matchers.length === 0) return fine(present);
  const downs = broken.map((half) => asRoot(`braceroute lab down ${half.lab}`));
  const kills = processes.length === 0 ? [] : [`kill ${processes.map(({ pid }) => pid).join(' ')}`];
  const filters = matchers.map(({ device, priority }) => asRoot(`tc filter del dev ${device} ingress pref ${priority}`));
  return lacking(present, [...downs, ...kills, ...filters].join(' && '));
}
