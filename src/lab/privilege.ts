/** Who may raise a lab. */
import { BeaconError } from '../error.ts';

/** Throws BeaconError ERR_PRIVILEGE without root: namespaces, eBPF and files under /run and /etc are its own. */
export function requirePrivilege(): void {
  if (process.geteuid?.() === 0) return;
  throw new BeaconError(
    'ERR_PRIVILEGE',
    `The lab makes network namespaces, which needs root: run it with sudo (user id ${process.geteuid?.()} here)`,
  );
}
