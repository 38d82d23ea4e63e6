/** Names of hosts and their addresses: the system's resolver for a real network, the topology's names for a simulated one. */
export type { SystemNames as Names } from '../host/names.ts';
