/** The commands that measure, each loaded when it is called. */
import { BeaconError } from '../error.ts';
import type { LocateCommandOptions } from './commands/locate.ts';
import type { LatencyCommandOptions } from './commands/locate-latency.ts';
import type { PathsCommandOptions } from './commands/paths.ts';
import type { ReadyOptions } from './commands/ready.ts';
import type { ScanCommandOptions } from './commands/scan.ts';
import type { SprayCommandOptions } from './commands/spray.ts';
import type { TraceCommandOptions } from './commands/trace.ts';
import type { Call } from './program.ts';
import type { Body } from './session.ts';

/** `print` takes text that is not made of events. */
export const MEASURING: Readonly<Record<string, (call: Call, print: (line: string) => void) => Promise<Body>>> = {
  trace: async ({ words, options }) =>
    (await import('./commands/trace.ts')).traceCommand(words[0]!, options as unknown as TraceCommandOptions),
  paths: async ({ words, options }) =>
    (await import('./commands/paths.ts')).pathsCommand(words[0]!, options as unknown as PathsCommandOptions),
  probe: async ({ options }) => (await import('./commands/probe.ts')).probeCommand(options as unknown as ReadyOptions),
  locate: async ({ options }) => {
    if (options.undirected === true || options.method === 'netbouncer')
      throw new BeaconError('ERR_USAGE', '--undirected and --method are of --from FILE: give it, or leave them out');
    if (options.latency === true)
      return (await import('./commands/locate-latency.ts')).latencyCommand(options as unknown as LatencyCommandOptions);
    if (options.baseline !== undefined) throw new BeaconError('ERR_USAGE', '--baseline is of --latency: give it, or leave both out');
    return (await import('./commands/locate.ts')).locateCommand(options as unknown as LocateCommandOptions);
  },
  scan: async ({ words, options }) => (await import('./commands/scan.ts')).scanCommand(words, options as unknown as ScanCommandOptions),
  spray: async ({ options }, print) => {
    const { sprayCommand } = await import('./commands/spray.ts');
    return sprayCommand(options as unknown as SprayCommandOptions, options.json ? null : print);
  },
};
