/** The network interfaces of this machine. */
import { BeaconError } from '../error.ts';
import { ip } from './ip.ts';

export interface Interface {
  readonly name: string;
  /** Six hexadecimal pairs, or null where the link has no addresses of its own. */
  readonly mac: string | null;
  readonly mtu: number;
  readonly up: boolean;
}

/** Throws ERR_NO_INTERFACE with the names there are, or ERR_INTERFACE_DOWN. */
export async function usableInterface(name: string): Promise<Interface> {
  const answer = await ip('link', 'show', 'dev', name);
  const row = answer.ok ? answer.rows[0] : undefined;
  if (row === undefined) throw new BeaconError('ERR_NO_INTERFACE', `There is no interface "${name}": this machine has ${await names()}`);
  const found = readInterface(row);
  if (!found.up)
    throw new BeaconError('ERR_INTERFACE_DOWN', `The interface ${name} is down: ip link set ${name} up, or choose another with -i`);
  return found;
}

async function names(): Promise<string> {
  const answer = await ip('link', 'show');
  return answer.ok ? answer.rows.map((row) => row.ifname).join(', ') : 'none';
}

function readInterface(row: Record<string, unknown>): Interface {
  const flags = row.flags as readonly string[];
  const mac = typeof row.address === 'string' && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(row.address) ? row.address : null;
  return { name: String(row.ifname), mac, mtu: Number(row.mtu), up: flags.includes('UP') };
}
