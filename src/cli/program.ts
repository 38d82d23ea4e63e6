/** The commands and their options, each declared once: the same letter means the same everywhere. */
import { Command, Option } from 'commander';
import { BeaconError } from '../error.ts';
import { labCommands } from './lab-program.ts';
import { commandWords } from './next-step.ts';
import { budget, confidence, number, path, prefixes, rateOrMax, ring, risk, share, sizes, someShare } from './read-options.ts';

/** As boomerang/swept.ts has them; that is loaded only when a spray begins. */
const SWEPT = ['ports', 'flow-label', 'source', 'outer', 'inner'] as const;

/** Every option there is; a command takes those that mean something on it. */
const OPTIONS = {
  source: () => new Option('-s, --source <host>', 'the router where the path starts (not our address)'),
  destination: () => new Option('-d, --destination <host>', 'where the path ends'),
  reverse: () => new Option('-r, --reverse', 'the way back: from HOST to us').conflicts('source'),
  path: () =>
    new Option('-p, --path <hops>', 'the hops in order, us first: a,r1,r2 or a printed path')
      .argParser(path)
      .conflicts(['source', 'destination']),
  address: () => new Option('-a, --address <address>', "our own source address (default: the route's)"),
  uplink: () => new Option('--uplink <address>', "the router that takes the probes, on one of our links (default: the route's)"),
  interface: () => new Option('-i, --interface <name>', "the interface that probes leave by (any: the route's)").default('any'),
  numeric: () => new Option('-n, --numeric', 'addresses only, no names'),
  traceCount: () => count(3),
  probeCount: () => count(30),
  rate: () =>
    new Option('--rate <packets>', 'packets a second in all, such as 500 or 20k (default: 5000; 1000 through public addresses)').argParser(
      number({ least: 1, most: 100_000, suffix: true }),
    ),
  maxLinkLoad: () =>
    new Option(
      '--max-link-load <share>',
      'the part of a link that probes may take; 100k packets a second for each 1% (default: 1%)',
    ).argParser(someShare),
  timeout: () =>
    new Option('-t, --timeout <seconds>', 'how long an answer is waited for')
      .argParser(number({ least: 0.001, most: 3600, fraction: true }))
      .default(3),
  maxHops: () => new Option('-m, --max-hops <ttl>', 'the longest path').argParser(number({ least: 1, most: 255 })).default(30),
  firstHop: () => new Option('-f, --first-hop <ttl>', 'the first hop asked').argParser(number({ least: 1, most: 255 })).default(1),
  four: () => new Option('-4', 'IPv4 only').conflicts('6'),
  six: () => new Option('-6', 'IPv6 only'),
  protocol: () => new Option('--protocol <name>', 'what the probes carry').choices(['udp', 'icmp']).default('udp'),
  port: () => new Option('--port <number>', 'UDP destination port').argParser(number({ least: 1, most: 65_535 })).default(33_434),
  sourcePort: () =>
    new Option('--source-port <number>', "UDP source port, or the echo's identifier (default: the run's own)").argParser(
      number({ least: 1, most: 65_535 }),
    ),
  flowLabel: () =>
    new Option('--flow-label <number>', 'IPv6 flow label of every header (default: 0)').argParser(number({ least: 0, most: 0xfffff })),
  flows: () =>
    new Option('--flows <number>', 'where the path splits, and by which fields of a probe: so many values of each are tried (1: no search)')
      .argParser(number({ least: 1, most: 256 }))
      .default(1),
  steered: () => new Option('--steered', 'as IP in IP, the way that boomerangs take'),
  risk: () =>
    new Option('--risk <share>', 'the probability that a next hop is missing anywhere, at most').argParser(risk).default(0.01, '1%'),
  as: () =>
    new Option('--as <traffic>', 'as plain traffic goes, or as IP in IP: the way that boomerangs take')
      .choices(['plain', 'steered'])
      .default('plain'),
  dot: () => new Option('--dot', 'the graph for Graphviz').conflicts(['mermaid', 'json']),
  mermaid: () => new Option('--mermaid', 'the graph for Mermaid').conflicts(['dot', 'json']),
  dscp: () => new Option('--dscp <value>', 'DSCP of every header').argParser(number({ least: 0, most: 63 })).default(0),
  size: () => new Option('--size <bytes>', 'size of the probe on the first link').argParser(number({ least: 64, most: 65_535 })),
  landing: () =>
    new Option('--landing <kind>', 'how a boomerang lands: as protocol 4/41 or as UDP').choices(['ipip', 'udp']).default('ipip'),
  traceSource: () =>
    new Option('--layer-source <kind>', 'whose address the header home carries as source, with -r (second: another of ours)')
      .choices(['auto', 'us', 'second'])
      .default('auto'),
  layerSource: () =>
    new Option('--layer-source <kind>', 'whose address nested headers carry as source (auto: ours, and others where that is filtered)')
      .choices(['auto', 'us', 'second', 'waypoint', 'previous'])
      .default('auto'),
  loose: () => new Option('--loose', 'legs may take more than one hop: a detour then passes for the leg'),
  iOwnThis: () => new Option('--i-own-this', 'nested probes may visit public addresses, since the network is ours'),
  allow: () =>
    new Option('--allow <prefixes>', 'public prefixes that are ours and reached without NAT, such as 198.51.100.0/24').argParser(prefixes),
  map: () => new Option('--map <file>', 'where routers decapsulate, and what they are called (docs/map.md)'),
  writeMap: () => new Option('--write-map <file>', 'write what was found of each router as a file for --map (docs/map.md)'),
  maxLoss: () =>
    new Option('--max-loss <share>', 'loss and errors up to this are no failure (exit 0), such as 1%').argParser(share).default(0, '0'),
  topology: () => new Option('--topology <file>', 'the whole network, as a lab draws it (docs/topology.md), in place of one path'),
  from: () =>
    new Option('--from <file>', 'no network: tallies of paths, or a recorded run of probe (docs/json.md); -: standard input').conflicts([
      'source',
      'destination',
      'path',
      'topology',
      'map',
      'read',
      'write',
      'plan',
    ]),
  undirected: () => new Option('--undirected', 'with --from: a link loses the same both ways'),
  latency: () => new Option('--latency', 'what each link adds to the round trip, in place of its loss').conflicts('from'),
  baseline: () => new Option('--baseline <file>', 'with --latency: where queueing grew since a run whose --json this is'),
  method: () =>
    new Option('--method <name>', "with --from: likelihood, or NetBouncer's as published to compare with")
      .choices(['likelihood', 'netbouncer'])
      .default('likelihood'),
  threshold: () => new Option('--threshold <share>', 'a link that loses more is bad').argParser(someShare).default(0.001, '0.1%'),
  confidence: () => new Option('--confidence <share>', 'of decisions and intervals').argParser(confidence).default(0.99, '99%'),
  budget: () =>
    new Option('--budget <probes or time>', 'it ends after so many probes, such as 50k, or so long, such as 30s')
      .argParser(budget)
      .default({ probes: 200_000, seconds: null }, '200k'),
  sprayCount: () =>
    new Option('-c, --count <number>', 'packets in all (with --classic: per hop, 30)').argParser(
      number({ least: 1, most: 4_294_967_295, suffix: true }),
    ),
  sprayRate: () =>
    new Option(
      '--rate <packets>',
      'packets a second in all, such as 500 or 20k; max: as many as are allowed (default: 5000; 1000 through public addresses)',
    ).argParser(rateOrMax),
  duration: () =>
    new Option('--duration <seconds>', 'ends after so long (default: 10, without --count)').argParser(
      number({ least: 0.001, most: 1e6, fraction: true }),
    ),
  paths: () => new Option('--paths <file>', 'many paths, one a line as --path takes it; with --map their hops are not asked first'),
  sweepHops: () => new Option('--sweep-hops', "each path's every hop, not its end alone"),
  sprayFlows: () =>
    new Option('--flows <number>', 'so many values of the swept field (default: 1, or all of --values)').argParser(
      number({ least: 1, most: 0xfffff }),
    ),
  sweep: () =>
    new Option('--sweep <field>', 'what differs from flow to flow (default: ports; with --segment over IPv6 flow-label)').choices(SWEPT),
  segment: () =>
    new Option('--segment <position>', 'which flows lose between this hop and the next: only headers between the two differ').argParser(
      number({ least: 0, most: 254 }),
    ),
  values: () => new Option('--values <list>', 'the values to sweep: 40001,40007-40010, or addresses and prefixes'),
  spraySize: () => new Option('--size <bytes>', 'size of the probes on the first link; a range is sent in up to 8 steps').argParser(sizes),
  sender: () =>
    new Option('--sender <name>', 'what sends (auto: never changes a device)')
      .choices(['auto', 'live', 'afxdp', 'sendmmsg', 'inject'])
      .default('auto'),
  matcher: () => new Option('--matcher <name>', 'what counts').choices(['auto', 'tc', 'xdp', 'pcap']).default('auto'),
  tag: () =>
    new Option('--tag <which>', 'probes with a keyed tag; of others the counts are not verified')
      .choices(['full', 'sampled', 'none'])
      .default('full'),
  stopLoss: () => new Option('--stop-loss <share>', 'ends where more than this is lost in a second, such as 50%').argParser(share),
  classic: () => new Option('--classic', 'the text of the first braceroute, packet by packet'),
  engine: () =>
    new Option('--engine <name>', 'the network: the real one (live; over npm packages: pcap, cap), a topology in memory, or a recording')
      .choices(['live', 'pcap', 'cap', 'simulated', 'replay'])
      .default('live'),
  read: () => new Option('--read <file>', 'the topology of the simulated engine, or the recording to replay'),
  write: () => new Option('--write <file>', 'record every packet and the plan (pcapng, docs/recording.md)'),
  flush: () => new Option('--flush', 'write each packet at once, not once a second'),
  plan: () =>
    new Option('--plan <file>', "a recording whose plan is that of the file's packets (default: its own, or rebuilt from its probes)"),
  speed: () => new Option('--speed <times>', 'of a replay: as fast as the run was (1), or as it goes').choices(['1', 'max']).default('max'),
  json: () => new Option('--json', 'one event a line (docs/json.md)'),
  color: () => new Option('--color <when>', 'colour the text').choices(['auto', 'always', 'never']).default('auto'),
} as const;

const count = (default_: number): Option =>
  new Option('-c, --count <number>', 'probes per hop').argParser(number({ least: 1, most: 10_000_000 })).default(default_);

type OptionName = keyof typeof OPTIONS;
const NETWORK = [
  'address',
  'interface',
  'uplink',
  'timeout',
  'four',
  'six',
  'engine',
  'read',
  'write',
  'flush',
  'plan',
  'speed',
  'json',
  'color',
] as const;
const PROBES = ['protocol', 'port', 'sourcePort', 'flowLabel', 'dscp', 'size'] as const;
const BOOMERANGS = [
  'source',
  'destination',
  'path',
  'maxHops',
  'probeCount',
  'rate',
  'maxLoss',
  'landing',
  'layerSource',
  'map',
  'loose',
  'maxLinkLoad',
  'iOwnThis',
  'allow',
  'port',
  'sourcePort',
  'flowLabel',
  'dscp',
  'size',
  ...NETWORK,
] as const;

/** What a spray has in place of a probe's. */
const INSTEAD: Partial<Record<OptionName, OptionName>> = { probeCount: 'sprayCount', rate: 'sprayRate', size: 'spraySize' };
const SPRAY: readonly OptionName[] = [
  ...BOOMERANGS.map((name) => INSTEAD[name] ?? name),
  'paths',
  'sweepHops',
  'sprayFlows',
  'sweep',
  'segment',
  'values',
  'duration',
  'sender',
  'matcher',
  'tag',
  'stopLoss',
  'classic',
];

function takes(command: Command, ...names: readonly OptionName[]): Command {
  for (const name of names) command.addOption(OPTIONS[name]());
  return command;
}

/** What a command was called with: its own words and its options, as commander parsed them. */
export interface Call {
  readonly command: string;
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** The program, which hands what it parsed to `run`; nothing is done before all of it was read. */
export function program(version: string, run: (call: Call) => Promise<void>): Command {
  const root = new Command('braceroute')
    .description('Localizes network failures with IP-in-IP probes: traces there, back, and between two routers that are both elsewhere.')
    .enablePositionalOptions()
    .version(version, '-V, --version')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES);
  const act = (command: Command, name: string): Command =>
    command.action((...all: unknown[]) => {
      const used = all.at(-1) as Command;
      return run({ command: name, words: used.args, options: used.opts() });
    });

  act(
    takes(
      root.command('trace', { isDefault: true }).argument('<host>').description('the path to HOST; -r: back from it; -s R: from R to it'),
      'source',
      'reverse',
      'traceSource',
      'traceCount',
      'maxHops',
      'firstHop',
      'numeric',
      'flows',
      'steered',
      'map',
      'iOwnThis',
      'allow',
      ...PROBES,
      ...NETWORK,
    ),
    'trace',
  );
  act(
    takes(
      root.command('paths').argument('<host>').description('every path to HOST where routers choose among equal ways; -s R: from R to it'),
      'source',
      'risk',
      'as',
      'dot',
      'mermaid',
      'maxHops',
      'numeric',
      'map',
      'iOwnThis',
      'allow',
      ...PROBES,
      ...NETWORK,
    ),
    'paths',
  );
  act(takes(root.command('probe').description('loss of every hop of a path, cumulative'), ...BOOMERANGS), 'probe');
  act(
    takes(
      root.command('locate').description('which link or router loses packets, in which direction, and what cannot be told from here'),
      'topology',
      'from',
      'undirected',
      'method',
      'latency',
      'baseline',
      'threshold',
      'confidence',
      'budget',
      'numeric',
      ...BOOMERANGS.filter((name) => name !== 'probeCount' && name !== 'maxLoss'),
    ),
    'locate',
  );
  act(
    takes(
      root
        .command('scan')
        .argument('<host...>')
        .description('what each router on the way to HOST, and HOST itself, does with nested packets: a card each'),
      'maxHops',
      'numeric',
      'landing',
      'map',
      'writeMap',
      'maxLinkLoad',
      'iOwnThis',
      'allow',
      'port',
      'sourcePort',
      'flowLabel',
      'dscp',
      ...NETWORK,
    ),
    'scan',
  );
  act(
    takes(root.command('spray').description('paths at rate, over many flows; with --classic one path packet by packet'), ...SPRAY),
    'spray',
  );
  act(
    takes(
      root.command('replay').argument('<file>').description('the report of a run that was recorded with --write'),
      'plan',
      'speed',
      'write',
      'json',
      'color',
    ),
    'replay',
  );
  act(root.command('demo').description('a lab of kernel routers: traces it, breaks a link, shows where'), 'demo');
  act(
    root
      .command('doctor')
      .description('what can be done here, what is lacking, and how to mend it')
      .addOption(new Option('--acl [routers]', 'instead: the access list by which routers decapsulate only for us').argParser(prefixes))
      .addOption(new Option('-a, --address <address>', 'of the access list: the address that probes come from (default: all of ours)')),
    'doctor',
  );
  act(
    root
      .command('decode')
      .argument('<file>', 'a recording, pcap or pcapng, also compressed with gzip; -: standard input')
      .description('what stands in a recording, packet by packet')
      .addOption(new Option('-v, --verbose', 'a tree: every header, its checksum right or wrong').conflicts('json'))
      .addOption(new Option('--json', 'one object a packet (docs/decode.md)'))
      .addOption(new Option('--filter <expression>', 'only these: probe==17, hop==3, kind==lost, leg==return, and pcap expressions'))
      .addOption(new Option('--follow <probe>', "one probe's life").argParser(number({ least: 0, most: 4_294_967_295 }))),
    'decode',
  );
  act(
    root
      .command('capture')
      .description('packets as they pass: our probes and their answers, a line each')
      .addOption(new Option('-i, --interface <name>', 'where it listens (any: all that are up)').default('any'))
      .addOption(new Option('--filter <expression>', 'a pcap filter (default: nested packets, ICMP, and our UDP)'))
      .addOption(new Option('--write <file>', 'keep the packets too (pcapng)'))
      .addOption(new Option('--ring <sizes>', 'so many files of a size, the oldest overwritten, such as 10x100MB').argParser(ring))
      .addOption(new Option('--count <packets>', 'end after so many').argParser(number({ least: 1, most: Number.MAX_SAFE_INTEGER })))
      .addOption(new Option('--duration <seconds>', 'end after so long').argParser(number({ least: 0.001, most: 1e9, fraction: true })))
      .addOption(new Option('--quiet', 'no lines, only what it comes to').conflicts('json'))
      .addOption(new Option('--json', 'one object a packet (docs/capture.md)')),
    'capture',
  );
  act(
    takes(
      root
        .command('diff')
        .argument('<a>', 'a run: what --json printed, or a recording of --write; -: standard input')
        .argument('<b>', 'a later run')
        .description('what has moved from one run to another: hops, links, loss, round trips, facts'),
      'json',
      'color',
    ),
    'diff',
  );
  labCommands(root.command('lab').description('a network of kernel routers on this machine (root)'), act);
  root
    .command('help')
    .argument('[command...]')
    .description('what a command takes')
    .action((words: string[]) => commandNamed(root, words).outputHelp());
  return root;
}

/** Throws ERR_USAGE for words that are no command. */
function commandNamed(root: Command, words: readonly string[]): Command {
  const known = commandWords(root, words);
  if (known.length < words.length) {
    const help = ['see braceroute help', ...known].join(' ');
    throw new BeaconError('ERR_USAGE', `There is no command "${words.slice(0, known.length + 1).join(' ')}": ${help}`);
  }
  return known.reduce((found, word) => found.commands.find((one) => one.name() === word)!, root);
}

const EXAMPLES = `
Examples:
  braceroute d.example                    the way there
  braceroute -r d.example                 the way back
  braceroute -s r1.example d.example      the way from r1 to d
  braceroute probe -s r1.example -d d.example
  braceroute probe -p 10.0.0.1,10.0.1.1,10.0.4.1
  braceroute lab up demo && braceroute lab exec a -- braceroute d`;
