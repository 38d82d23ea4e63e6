/** `locate` as a user runs it, on the vantage of a lab of real kernels. */
import type { Lab } from '../../src/lab/lab.ts';
import type { Event } from '../../src/report/event.ts';
import { COMMAND, eventsOf } from '../cli/command.ts';
import { faultOf, type Wrong } from './located.ts';

export { up as raised } from '../../src/lab/up.ts';

/** A threshold that asks for fewer probes than the command's own, a time in which whatever comes home in a lab is home, and a rate that a lab keeps up with. */
const LEAN = ['--threshold', '0.3%', '--timeout', '0.5', '--rate', '20000'];

export const locateIn = async (lab: Lab, argv: readonly string[]): Promise<Event[]> =>
  eventsOf(await lab.exec('a', [...COMMAND, 'locate', ...LEAN, ...argv, '--json'], { timeoutMs: 60_000 }));

export async function locatedIn(lab: Lab, name: string, family: 4 | 6, wrong: Wrong): Promise<Event[]> {
  const { link, end } = wrong;
  await lab.fault(link.id, link.ends[end].node, faultOf(wrong));
  const events = await locateIn(lab, ['--topology', name, `-${family}`]);
  await lab.fault(link.id, null, 'clear');
  return events;
}
