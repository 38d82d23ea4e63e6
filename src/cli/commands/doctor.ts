/** `braceroute doctor`: what can be done here, what is lacking, and the one command that mends it. */
import { EXIT_OF } from '../../error.ts';
import { CHECKS, type Finding } from '../doctor-checks.ts';

/** Without these nothing can be measured; the rest only narrows what can. */
const NEEDED = [
  { check: 'live engine', exit: EXIT_OF.ERR_ENGINE },
  { check: 'trace and probe', exit: EXIT_OF.ERR_PRIVILEGE },
] as const;

/** Resolves to the exit code: 0 where traces and probes work. */
export function doctor(print: (line: string) => void): number {
  const findings = new Map(Object.entries(CHECKS).map(([name, check]) => [name, check()]));
  const width = Math.max(...[...findings.keys()].map((name) => name.length));
  for (const [name, finding] of findings) for (const line of lines(name.padEnd(width), finding)) print(line);
  return NEEDED.find(({ check }) => findings.get(check)?.mend)?.exit ?? 0;
}

function lines(name: string, { says, mend }: Finding): string[] {
  const mark = mend === null ? 'ok     ' : 'lacking';
  const first = `${mark}  ${name}  ${says}`;
  return mend === null ? [first] : [first, `         ${' '.repeat(name.length)}  mend it: ${mend}`];
}
