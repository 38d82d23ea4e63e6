/** The flow that a command's options describe. */
import type { Flow } from '../probe/itinerary.ts';
import type { Run } from '../probe/run.ts';

export interface FlowOptions {
  readonly protocol?: 'udp' | 'icmp';
  readonly port: number;
  readonly dscp: number;
  readonly size?: number;
  readonly sourcePort?: number;
  readonly flowLabel?: number;
}

/** Source ports of runs lie scattered here, so that two runs at once are two flows. */
const FIRST_PORT = 40_000;
const PORTS = 20_000;

export const flowOf = (options: FlowOptions, run: Run): Flow => ({
  transport: options.protocol ?? 'udp',
  sourcePort: options.sourcePort ?? FIRST_PORT + (run.number % PORTS),
  destinationPort: options.port,
  dscp: options.dscp,
  flowLabel: options.flowLabel ?? 0,
  size: options.size ?? null,
});
