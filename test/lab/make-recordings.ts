/**
 * Makes fixtures/recordings anew: commands on a lab of kernel routers, recorded with --write, beside the report that each printed then.
 * `node --import tsx test/lab/make-recordings.ts`, as root, after a build. Every run gives other keys and stamps; the claims stay.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { up } from '../../src/lab/up.ts';
import { type Fault, NO_FAULT } from '../../src/topology/fault.ts';
import { run } from './measured.ts';
import { fixture } from './raised.ts';

interface Recording {
  readonly name: string;
  readonly topology: string;
  readonly argv: readonly string[];
  /** On the link, for packets that the node sends into it. */
  readonly fault?: readonly [link: string, from: string, fault: Fault];
}

const FOLDER = 'fixtures/recordings';
const LOSS: Fault = { ...NO_FAULT, loss: 0.1 };
const DEAD: Fault = { ...NO_FAULT, loss: 1 };
const PROBE = ['probe', '-d', 'd', '-c', '40', '--rate', '2000', '-t', '0.5'];

const RECORDINGS: readonly Recording[] = [
  { name: 'trace', topology: 'line', argv: ['trace', 'd'] },
  { name: 'trace-ipv6-icmp', topology: 'line', argv: ['trace', '-6', '--protocol', 'icmp', 'd'] },
  { name: 'trace-loss', topology: 'line', argv: ['trace', '-t', '0.5', 'd'], fault: ['r2-r3', 'r2', { ...NO_FAULT, loss: 0.4 }] },
  { name: 'trace-dead', topology: 'line', argv: ['trace', '-t', '0.3', '-m', '6', 'd'], fault: ['r2-r3', 'r2', DEAD] },
  { name: 'trace-silent', topology: 'silent', argv: ['trace', '-t', '0.5', 'd'] },
  { name: 'trace-flows', topology: 'diamond', argv: ['trace', '--flows', '4', 'd'] },
  { name: 'reverse', topology: 'asymmetric', argv: ['trace', '-r', 'd'] },
  { name: 'reverse-ipv6', topology: 'line', argv: ['trace', '-6', '-r', 'd'] },
  { name: 'between', topology: 'line', argv: ['trace', '-s', 'r1', 'd'] },
  { name: 'probe', topology: 'line', argv: PROBE },
  { name: 'probe-ipv6', topology: 'line', argv: [...PROBE, '-6', '-s', 'r1'] },
  { name: 'probe-loss-out', topology: 'line', argv: PROBE, fault: ['r2-r3', 'r2', LOSS] },
  { name: 'probe-loss-home', topology: 'line', argv: PROBE, fault: ['r2-r3', 'r3', LOSS] },
  { name: 'probe-no-decapsulation', topology: 'nondecap', argv: PROBE },
  { name: 'spray', topology: 'line', argv: ['spray', '--classic', '-d', 'd', '-c', '5'] },
];

for (const topology of new Set(RECORDINGS.map((one) => one.topology))) {
  await using lab = await up(fixture(topology, 'record'));
  for (const { name, argv, fault } of RECORDINGS.filter((one) => one.topology === topology)) {
    const file = `${FOLDER}/${name}.pcapng`;
    rmSync(file, { force: true });
    if (fault !== undefined) await lab.fault(...fault);
    const { code, stdout, stderr } = await run(lab, [...argv, '--json', '--write', file]);
    if (fault !== undefined) await lab.fault(fault[0], fault[1], 'clear');
    writeFileSync(`${FOLDER}/${name}.jsonl`, stdout);
    console.log(name, code, stderr);
  }
}
