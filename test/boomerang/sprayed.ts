/** `braceroute spray` on a network in memory, without a process: its events, as a reporter gets them. */
import { type SprayCommandOptions, sprayCommand } from '../../src/cli/commands/spray.ts';
import { program } from '../../src/cli/program.ts';
import type { Said, Verdict } from '../../src/cli/session.ts';
import { simulatedNetwork } from '../../src/cli/simulated-network.ts';
import type { Simulated } from '../../src/engine/simulated/simulated.ts';
import type { Topology } from '../../src/topology/topology.ts';

export interface SprayRan {
  readonly events: readonly Said[];
  readonly exit: number;
  readonly verdict: Verdict;
  readonly engine: Simulated;
}

export const said = <Type extends Said['type']>({ events }: Pick<SprayRan, 'events'>, type: Type): Extract<Said, { type: Type }>[] =>
  events.filter((event): event is Extract<Said, { type: Type }> => event.type === type);

export async function optionsOf(argv: readonly string[]): Promise<SprayCommandOptions> {
  let options: unknown;
  await program('test', async (call) => {
    options = call.options;
  }).parseAsync(['spray', ...argv], { from: 'user' });
  return options as SprayCommandOptions;
}

/** `prepare` is called before the first packet, `each` after each event. */
export async function spray(
  topology: Topology,
  argv: readonly string[],
  prepare: (engine: Simulated) => void = () => {},
  each: (event: Said, engine: Simulated, stop: () => void) => void = () => {},
): Promise<SprayRan> {
  const options = await optionsOf(argv);
  const network = simulatedNetwork(topology);
  const { engine } = network;
  prepare(engine);
  const controller = new AbortController();
  const events: Said[] = [];
  const body = sprayCommand(options, null)(network, controller.signal);
  for (;;) {
    const step = await body.next();
    if (step.done) return { events, exit: step.value.exit, verdict: step.value, engine };
    events.push(step.value);
    each(step.value, engine, () => controller.abort());
  }
}
