/** What a verdict says in names, against the explanations that fit by the topology alone. */
import type { VerdictEvent } from '../../src/report/event.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { type Explanation, groupNames, isBehind, lookAlikes } from './look-alikes.ts';
import { type Losses, namedIn, toldOf } from './told.ts';

/** null: as it should be; else what is wrong. */
export function wrongIn(topology: Topology, family: 4 | 6, losses: Losses, verdict: VerdictEvent): string | null {
  const fitting = lookAlikes(topology, losses);
  const certain = fitting[0]!.filter((one) => fitting.every((explanation) => explanation.includes(one)));
  const named = namedIn(topology, family, verdict).flatMap(apart).toSorted();
  const told = toldOf(verdict).map(namesIn);
  const expected = JSON.stringify({ fitting, told: toldOf(verdict), named });
  if (named.join() !== certain.toSorted().join()) return `not just ${certain.join(' and ') || 'none'} named: ${expected}`;
  const names = groupNames(topology);
  const truth = [...new Set(Object.keys(losses).map((one) => names.get(one)!))];
  const isSeen = fitting.some(({ length }) => length >= truth.length) || fitting.length > 1;
  const due = [...(fitting.length > 1 ? fitting : []), ...(isSeen ? [truth] : [])];
  const missing = due.find(
    (explanation) => ![[], ...told].some((text) => explanation.every((one) => text.includes(one) || named.includes(one))),
  );
  if (missing !== undefined && isHonest(topology, fitting, certain, verdict)) return null;
  return missing === undefined ? null : `${missing.join(' and ')} fits too and is not told: ${expected}`;
}

/** Which of several it is takes many more probes to see through another's loss, and that is said. */
const isHonest = (topology: Topology, fitting: readonly Explanation[], certain: readonly string[], verdict: VerdictEvent): boolean =>
  toldOf(verdict).some((text) => text.endsWith(' hides how much they lose')) &&
  fitting.length > 1 &&
  fitting.flat().every((one) => certain.includes(one) || isBehind(topology, one, certain));

/** `r1⇄r2` is both directions, each named. */
function apart(name: string): string[] {
  const [one, two] = name.split(/[⇄–]/);
  if (two === undefined) return [name];
  return name.includes('⇄') ? [`${one}→${two}`, `${two}→${one}`] : [[one!, two].toSorted().join('–')];
}

const namesIn = (text: string): string[] =>
  [...text.matchAll(/router (\w+)|(\w+)([→–])(\w+)/g)].flatMap(([, router, one, sign, two]) =>
    router === undefined ? apart(`${one}${sign}${two}`) : [router],
  );
