/** ICMP errors that quote a spray's probes, counted by what they say, of which template's probes, and who said it. */
import type { Address } from '../wire/address.ts';
import { errorKind } from '../wire/icmp.ts';
import type { SprayError } from './spray.ts';

/** So many kinds, each of a target and a router, are told apart. */
const MOST_ERRORS = 1000;

export interface ErrorCounts {
  count(template: number, type: number, code: number, from: Address): void;
  all(): readonly SprayError[];
}

export function createErrorCounts(): ErrorCounts {
  const found = new Map<string, SprayError & { count: number }>();
  return {
    count(template, type, code, from) {
      const kind = errorKind(from.includes(':') ? 6 : 4, type, code);
      const key = `${template} ${kind} ${from}`;
      const known = found.get(key);
      if (known !== undefined) known.count += 1;
      else if (found.size < MOST_ERRORS) found.set(key, { template, kind, from, count: 1 });
    },
    all: () => [...found.values()],
  };
}
