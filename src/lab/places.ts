/** Where a lab leaves its traces on the machine: what `up` makes under these names, `down` finds by them. */
import { join } from 'node:path';

export const STATE_DIRECTORY = '/run/beacon';
export const NAMESPACE_DIRECTORY = '/run/netns';
/** `ip netns exec` binds what lies here under a namespace's name over /etc. */
export const ETC_DIRECTORY = '/etc/netns';
export const BPF_MOUNT = '/sys/fs/bpf';
export const PIN_DIRECTORY: string = `${BPF_MOUNT}/beacon`;

/** Set for every command of ours, so that one which outlives us is known. */
export const MARK = 'BEACON_LAB';

/** Neither name holds a hyphen, so that a namespace tells both. */
export const namespaceName = (lab: string, node: string): string => `beacon-${lab}-${node}`;

export const namespaceFile = (lab: string, node: string): string => join(NAMESPACE_DIRECTORY, namespaceName(lab, node));

export const stateFile = (lab: string): string => join(STATE_DIRECTORY, `${lab}.json`);

export const pinOf = (lab: string, name = ''): string => join(PIN_DIRECTORY, lab, name);

/** The lab that a namespace belongs to, or null where it is none of ours. */
export const labOfNamespace = (namespace: string): string | null =>
  /^beacon-([a-z0-9_]{1,16})-[a-z0-9_]{1,12}$/.exec(namespace)?.[1] ?? null;
