/** ICMP errors that came while a spray ran: they are no landings, and say why some are missing. */
import type { SprayPlan } from '../boomerang/spray-plan.ts';
import type { SprayError } from '../engine/spray.ts';
import type { Said } from './session.ts';

/** Time exceeded: legs have exact ttls, so the way is no more what it was. */
const DETOURS: ReadonlySet<string> = new Set(['icmp 11/0', 'icmpv6 3/0']);
const TOO_BIG: ReadonlySet<string> = new Set(['icmp 3/4', 'icmpv6 2/0']);
const MOST_TOLD = 5;

interface Told {
  readonly kind: string;
  readonly from: string;
  count: number;
  readonly targets: Set<number>;
}

/** A note for each router and kind, those told most first. */
export function errorProblems({ targets }: SprayPlan, errors: readonly SprayError[]): Said[] {
  const byRouter = new Map<string, Told>();
  for (const { template, kind, from, count } of errors) {
    const key = `${kind} ${from}`;
    const told = byRouter.get(key) ?? { kind, from, count: 0, targets: new Set<number>() };
    told.count += count;
    told.targets.add(template);
    byRouter.set(key, told);
  }
  const all = [...byRouter.values()].sort((a, b) => b.count - a.count);
  return all.slice(0, MOST_TOLD).map(({ kind, from, count, targets: of }): Said => {
    const { path, position } = targets.at(Math.min(...of));
    const others = of.size === 1 ? '' : ` and ${of.size - 1} other targets`;
    const what = `${from} sent ${kind} about probes to hop ${position} of path ${path + 1}${others} (${count} seen; routers limit them)`;
    if (DETOURS.has(kind))
      return {
        type: 'problem',
        code: 'ROUTE_DOUBTFUL',
        message: `${what}: the route may have changed, and the counts are of before and after`,
      };
    if (TOO_BIG.has(kind))
      return {
        type: 'problem',
        code: 'TOO_BIG',
        message: `${what}: they are larger than a link behind it takes, so give a smaller --size`,
      };
    return { type: 'problem', code: 'PROBES_REFUSED', message: `${what}: they are refused there, not lost` };
  });
}
