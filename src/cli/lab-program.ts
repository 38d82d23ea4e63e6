/** The commands of `lab` and their options, as program.ts declares the others. */
import { type Command, Option } from 'commander';

export function labCommands(lab: Command, act: (command: Command, name: string) => Command): void {
  lab.helpCommand('help [command]', 'what a command takes').enablePositionalOptions(); // what follows exec's node belongs to its command
  const which = (): Option => new Option('--lab <name>', 'which lab, where more than one is up');
  act(
    lab
      .command('up')
      .argument('<topology>', 'a file, or the name of one in fixtures/topologies')
      .description('raises it')
      .addOption(new Option('--profile <name>', "instead of the file's").choices(['lab', 'stock'])),
    'lab up',
  );
  act(lab.command('down').argument('[name]').description('takes one down, or all of ours'), 'lab down');
  act(lab.command('list').description('what is up'), 'lab list');
  act(
    lab
      .command('exec')
      .argument('<node>')
      .argument('<command...>')
      .description('runs a command on a node')
      .passThroughOptions()
      .addOption(which()),
    'lab exec',
  );
  act(
    lab
      .command('fault')
      .argument('<place>', 'a link, r1-r2 or its id; or a router, r1')
      .summary('breaks a link, makes a router less friendly, or mends either')
      .description(
        'breaks a link, makes a router less friendly, or mends either; each call replaces what the one before asked of that place, but a link that is cut stays so until --clear',
      )
      .option('--loss <share>', 'lose packets at random, such as 10%')
      .option('--exact <share>', 'lose exactly so many of so many, such as 1/10')
      .option('--flow-loss <share>', 'lose all packets of so many flows of so many, such as 1/4')
      .option('--duplicate [share]', 'send packets twice')
      .option('--corrupt [share]', 'flip a bit of the payload')
      .option('--down', 'cut the link')
      .option('--blackhole', 'lose everything silently')
      .option('--delay <ms>', 'let each packet wait, such as 20ms or 0.5')
      .option('--jitter <ms>', 'and up to so much longer, at random; none overtakes another')
      .option('--reorder <share>', 'let some be overtaken by those sent within 1 ms after them, such as 1%')
      .option('--rate <bits>', 'so many bits a second fit through, such as 10M; 100 ms of them queue, the rest is lost')
      .option('--policer <rate>', 'lose what comes faster: packets a second, or a second/at once, 1000/50; of a router: its ICMP errors')
      .option('--mtu <bytes>', 'a smaller MTU, of which the sending router tells')
      .option('--filter <names>', 'a router drops: land, own-prefix, strict-urpf, ct-invalid (commas between)')
      .option('--accept-local', 'a router takes packets whose source is its own address')
      .option('--uniform-ttl', 'a router copies the outer ttl inwards')
      .option('--hash-policy <number>', 'how a router chooses among equal ways: 0 to 3')
      .option('--remark-dscp <value>', 'every packet leaves a router with this DSCP')
      .option('--clear', 'mend it: a link or a router does what its topology says')
      .option('--direction <from-to>', 'only packets from one to the other, such as r1-r2')
      .addOption(which()),
    'lab fault',
  );
}
