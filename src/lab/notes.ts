/** What a topology asks of its links that namespaces alone don't give. */
import type { Topology } from '../topology/topology.ts';

/** A line for each. */
export const notesOn = ({ links }: Topology): string[] =>
  links
    .filter(({ delayMs, jitterMs }) => delayMs > 0 || jitterMs > 0)
    .map(
      ({ id, delayMs, jitterMs }) => `${id}: delay ${delayMs} ms and jitter ${jitterMs} ms are not made here, only by the simulated engine`,
    );
