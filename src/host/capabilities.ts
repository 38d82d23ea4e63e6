/** What this process may do, as the kernel sees it (capabilities(7)). */
import { readFileSync } from 'node:fs';

/** Their bits in the kernel's mask. */
const BITS = { CAP_NET_ADMIN: 12, CAP_NET_RAW: 13, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

export type Capability = keyof typeof BITS;

/** The effective set; none where /proc does not tell. */
export function capabilities(status: string = readStatus()): ReadonlySet<Capability> {
  const mask = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const names = Object.keys(BITS) as Capability[];
  return new Set(names.filter((name) => (mask >> BigInt(BITS[name])) & 1n));
}

function readStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
