/** The npm packages that the engines `pcap` and `cap` are made of: optional, and built against libpcap where they are installed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BeaconError } from '../error.ts';
import { PACKAGE_ROOT } from '../package-root.ts';

export type OptionalPackage = 'pcap' | 'cap';

/** Each package's own addon, without which it cannot be loaded. */
const ADDONS: Readonly<Record<OptionalPackage, string>> = {
  pcap: 'pcap/build/Release/pcap_binding.node',
  cap: 'cap/build/Release/cap.node',
};

const requireFromHere: NodeJS.Require = createRequire(join(PACKAGE_ROOT, 'package.json'));

/** What mends it, as typed in a checkout. */
export const MEND_PACKAGES = 'apt-get install -y libpcap-dev g++ make python3 && npm run build:packages';

/** Its version; null where it is not installed or not built. */
export function packageVersion(name: OptionalPackage): string | null {
  try {
    requireFromHere.resolve(ADDONS[name]);
    return (requireFromHere(`${name}/package.json`) as { version: string }).version;
  } catch {
    return null;
  }
}

/** Throws ERR_ENGINE, which says what to install. */
export function loadPackage(name: OptionalPackage): unknown {
  try {
    return requireFromHere(name);
  } catch (cause) {
    throw packageMissing(name, cause);
  }
}

export const packageMissing = (name: OptionalPackage, cause?: unknown): BeaconError =>
  new BeaconError(
    'ERR_ENGINE',
    `The engine ${name} needs the npm package ${name}, which is not installed or not built: ${MEND_PACKAGES}; --engine live needs it not`,
    { cause },
  );
