/** `braceroute doctor`: what can be done here, what is lacking, and the one command that mends it; with `--acl` the operator's access list. */
import { BeaconError, EXIT_OF } from '../../error.ts';
import { globalAddresses } from '../../host/own-addresses.ts';
import { wrapped } from '../../report/wrap.ts';
import { type Address, parseAddress } from '../../wire/address.ts';
import { acl } from '../acl.ts';
import { CHECKS, type Finding } from '../doctor-checks.ts';

export interface DoctorOptions {
  /** The routers of the access list; true: those that load it. */
  readonly acl?: true | readonly string[];
  readonly address?: string;
}

/** Without these nothing can be measured; the rest only narrows what can. */
const NEEDED = [
  { check: 'live engine', exit: EXIT_OF.ERR_ENGINE },
  { check: 'trace and probe', exit: EXIT_OF.ERR_PRIVILEGE },
] as const;

/** Resolves to the exit code: 0 where traces and probes work. */
export function doctor(options: DoctorOptions, print: (line: string) => void): number {
  if (options.acl !== undefined) return accessList(options.acl === true ? [] : options.acl, options.address, print);
  if (options.address !== undefined) throw new BeaconError('ERR_USAGE', '--address belongs to the access list: give --acl too');
  const findings = new Map(Object.entries(CHECKS).map(([name, check]) => [name, check()]));
  const width = Math.max(...[...findings.keys()].map((name) => name.length));
  for (const [name, finding] of findings) for (const line of lines(name.padEnd(width), finding)) print(line);
  return NEEDED.find(({ check }) => findings.get(check)?.lacking)?.exit ?? 0;
}

function accessList(routers: readonly string[], address: string | undefined, print: (line: string) => void): number {
  const vantages = address === undefined ? globalAddresses() : [given(address)];
  if (vantages.length === 0) {
    throw new BeaconError('ERR_USAGE', 'This machine has no address that others can reach: say which one probes will come from, with -a');
  }
  for (const line of acl({ vantages, routers })) print(line);
  return 0;
}

/** It need not be of this machine: an operator may write the list for another. */
function given(text: string): Address {
  const address = parseAddress(text);
  if (address !== null) return address;
  throw new BeaconError('ERR_USAGE', `--address ${text} is not an address: give the one that probes come from, such as 192.0.2.1`);
}

const COLUMNS = 80;

/** Text is wrapped; a command is one line, however long, so that it can be copied. */
function lines(name: string, { says, mend, lacking }: Finding): string[] {
  const mark = lacking ? 'lacking  ' : 'ok       ';
  const margin = ' '.repeat(mark.length + name.length + 2);
  const [first, ...rest] = wrapped(says, COLUMNS - margin.length);
  const text = [`${mark}${name}  ${first}`, ...rest.map((line) => `${margin}${line}`)];
  return mend === null ? text : [...text, `         mend it: ${mend}`];
}
