/** `braceroute lab …`: a network of kernel routers, raised, broken, looked at and taken down. */
import { once } from 'node:events';
import { join, relative } from 'node:path';
import { BeaconError } from '../../error.ts';
import { attach } from '../../lab/attach.ts';
import { down } from '../../lab/down.ts';
import type { Lab } from '../../lab/lab.ts';
import { type Listed, list } from '../../lab/list.ts';
import { up } from '../../lab/up.ts';
import { PACKAGE_ROOT } from '../../package-root.ts';
import { nodeNamed } from '../../topology/lookup.ts';
import type { Profile } from '../../topology/topology.ts';
import type { Interruption } from '../interruption.ts';
import { behaviourOf, requireLinkOptions } from '../lab-behaviour.ts';
import { faultOf, type Options } from '../lab-fault.ts';
import type { Call } from '../program.ts';
import { readTopology } from '../topology-file.ts';

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const COMMANDS: Readonly<Record<string, (words: readonly string[], options: Options, stop: Interruption) => Promise<number>>> = {
  'lab up': labUp,
  'lab down': labDown,
  'lab list': labList,
  'lab exec': labExec,
  'lab fault': labFault,
};

/** As shells have it: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/** Resolves to the exit code. */
export const lab = ({ command, words, options }: Call, stop: Interruption): Promise<number> =>
  COMMANDS[command]!(words, options as Options, stop);

async function labUp([file]: readonly string[], { profile }: Options, stop: Interruption): Promise<number> {
  const topology = await readTopology(file!);
  const raised = await up(profile === undefined ? topology : { ...topology, profile: profile as Profile });
  if (stop.signal.aborted) {
    await raised.down();
    print(`Interrupted: lab ${raised.name} is down again`);
    return INTERRUPTED;
  }
  const vantage = topology.nodes.find((node) => node.vantage)!.name;
  print(`Lab ${raised.name} is up: ${topology.nodes.length} nodes, ${topology.links.length} links, profile ${raised.topology.profile}`);
  const self = relative(process.cwd(), join(PACKAGE_ROOT, 'bin/braceroute.js'));
  print(`  ${self} lab exec --lab ${raised.name} ${vantage} -- ${self} ${topology.nodes.at(-1)!.name}`);
  return 0;
}

async function labDown([name]: readonly string[]): Promise<number> {
  const gone = await down(name);
  print(gone.length === 0 ? 'No lab was up' : `Down: ${gone.join(', ')}`);
  return 0;
}

async function labList(): Promise<number> {
  const labs = list();
  if (labs.length === 0) print('No lab is up');
  for (const lab of labs) {
    print(`${lab.name}  ${LISTED[lab.phase](lab)}`);
    for (const link of lab.dead) print(`  ${link} is dead, its relay has ended: braceroute lab fault --lab ${lab.name} ${link} --clear`);
  }
  return 0;
}

const LISTED: Readonly<Record<Listed['phase'], (lab: Listed) => string>> = {
  up: ({ profile, nodes, links, since }) => `${profile}  ${nodes.length} nodes, ${links} links, since ${since}: ${nodes.join(' ')}`,
  rising: ({ pid }) => `is being raised by process ${pid}`,
  broken: ({ name }) => `broken: braceroute lab down ${name}`,
};

/** Ends as the command ended; what Ctrl-C does is the command's to decide. */
async function labExec([node, ...rest]: readonly string[], options: Options, stop: Interruption): Promise<number> {
  const argv = rest[0] === '--' ? rest.slice(1) : rest;
  if (argv.length === 0) throw new BeaconError('ERR_USAGE', `lab exec ${node} needs a command: braceroute lab exec ${node} -- ip route`);
  const child = theLab(options).start(node!, argv);
  stop.hold();
  for (const name of ['SIGTERM', 'SIGHUP'] as const) process.on(name, () => void child.kill(name)); // a terminal's Ctrl-C it gets itself
  const [code] = (await once(child, 'close')) as [number | null];
  return code ?? 1;
}

async function labFault([place]: readonly string[], options: Options): Promise<number> {
  const target = theLab(options);
  const router = nodeNamed(target.topology, place!);
  if (router !== null) await target.behave(router.name, behaviourOf(options, router));
  else await linkFault(target, place, options);
  return 0;
}

async function linkFault(target: Lab, link: string | undefined, options: Options): Promise<void> {
  requireLinkOptions(options, link!);
  const fault = faultOf(options);
  const direction = options.direction === undefined ? null : String(options.direction);
  await target.fault(link!, direction === null ? null : senderOf(direction, link!, target), fault);
}

/** `r1-r2`: packets that r1 sends to r2. */
function senderOf(direction: string, link: string, { topology }: Lab): string {
  const [from, to, ...rest] = direction.split('-');
  const nodes = topology.nodes.map(({ name }) => name);
  if (rest.length > 0 || !nodes.includes(from!) || !nodes.includes(to ?? '')) {
    throw new BeaconError('ERR_USAGE', `--direction ${direction}: name the two ends of ${link}, sender first, such as r1-r2`);
  }
  const joined = topology.links.some(({ id, ends: [one, two] }) => {
    const names = [one.node, two.node];
    return names.includes(from!) && names.includes(to!) && [id, `${one.node}-${two.node}`, `${two.node}-${one.node}`].includes(link);
  });
  if (!joined) throw new BeaconError('ERR_USAGE', `--direction ${direction}: these are not the ends of ${link}`);
  return from!;
}

function theLab({ lab: named }: Options): Lab {
  if (typeof named === 'string') return attach(named);
  const labs = list().filter(({ phase }) => phase === 'up');
  if (labs.length === 1) return attach(labs[0]!.name);
  const why =
    labs.length === 0
      ? 'No lab is up: braceroute lab up demo'
      : `More than one lab is up: say --lab ${labs.map(({ name }) => name).join(' or --lab ')}`;
  throw new BeaconError('ERR_USAGE', why);
}
