/** Takes labs down, also half raised ones and those that a killed process left. */
import { BeaconError } from '../error.ts';
import { run } from './command.ts';
import { removeHosts } from './hosts.ts';
import { locked } from './lock.ts';
import { removePins } from './pins.ts';
import { ETC_DIRECTORY, labOfNamespace, NAMESPACE_DIRECTORY, PIN_DIRECTORY } from './places.ts';
import { requirePrivilege } from './privilege.ts';
import { endProcesses } from './processes.ts';
import { namesIn, removeState, statedLabs } from './state.ts';
import { removalBatch } from './wiring.ts';

/**
 * Without a name: every lab on this machine. Resolves to the names of those that are gone now. Throws BeaconError ERR_USAGE for a
 * name of which there is no trace, ERR_PRIVILEGE without root, ERR_LAB where the kernel refuses.
 */
export async function down(name?: string): Promise<string[]> {
  requirePrivilege();
  const traces = tracedLabs();
  if (name !== undefined && !traces.includes(name)) throw new BeaconError('ERR_USAGE', noSuchLab(name, traces));
  const doomed = name === undefined ? traces : [name];
  for (const lab of doomed) await locked(lab, () => remove(lab));
  return doomed;
}

export const noSuchLab = (name: string, labs: readonly string[]): string =>
  `No lab ${name} is up: ${labs.length === 0 ? 'there is none' : `there is ${labs.join(', ')}`}`;

/** Every lab that left anything anywhere. */
export function tracedLabs(): string[] {
  const namespaces = [...namesIn(NAMESPACE_DIRECTORY), ...namesIn(ETC_DIRECTORY)].map(labOfNamespace);
  const labs = new Set([...namespaces, ...statedLabs(), ...namesIn(PIN_DIRECTORY)]);
  labs.delete(null);
  return [...labs].map(String).sort();
}

/** The holder of the lab's lock only. The state goes last: as long as anything is left, it can be found. */
export async function remove(lab: string): Promise<void> {
  await endProcesses(lab, namespacesOf(lab));
  const namespaces = namespacesOf(lab);
  if (namespaces.length > 0) await run(lab, { argv: ['ip', '-force', '-batch', '-'], input: removalBatch(namespaces) });
  removePins(lab);
  removeHosts(lab);
  removeState(lab);
}

const namespacesOf = (lab: string): string[] => namesIn(NAMESPACE_DIRECTORY).filter((name) => labOfNamespace(name) === lab);
