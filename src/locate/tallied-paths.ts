/** The paths of a file, collected into typed arrays: a million lines take 50 MB, not an object each. */
import { type Oddity, oddity, type PathTally } from './tallied-path.ts';

export interface TalliedPaths {
  /** Names. */
  readonly nodes: readonly string[];
  /** Path p visits `visits[start[p]]` to `visits[start[p + 1] - 1]`, nodes by index, in travel order. */
  readonly start: Uint32Array;
  readonly visits: Uint32Array;
  /** Probes a path, without those of which nothing is known. */
  readonly sent: Uint32Array;
  readonly lost: Uint32Array;
  /** All that was told, also of paths that are not counted. */
  readonly probes: { readonly sent: number; readonly received: number; readonly unknown: number };
  /** The first of those whose counts tell nothing, and how many there are. */
  readonly odd: readonly OddPath[];
  readonly odds: number;
}

export interface OddPath extends Oddity {
  readonly line: number;
  readonly path: readonly string[];
}

export interface PathCollector {
  /** `line`: where it stands, for what is said of it. */
  readonly add: (tally: PathTally, line: number) => void;
  readonly collected: () => TalliedPaths;
}

const MOST_ODD = 20;

export function collectPaths(): PathCollector {
  const index = new Map<string, number>();
  const [start, visits, sent, lost] = [growing(), growing(), growing(), growing()];
  const odd: OddPath[] = [];
  const probes = { sent: 0, received: 0, unknown: 0 };
  let odds = 0;
  start.push(0);
  return {
    add(tally, line) {
      const wrong = oddity(tally);
      probes.sent += tally.sent;
      probes.received += tally.received;
      probes.unknown += tally.unknown;
      if (wrong !== null) {
        odds += 1;
        if (odd.length < MOST_ODD) odd.push({ line, path: tally.path, ...wrong });
        return;
      }
      for (const node of tally.path) {
        const known = index.get(node);
        visits.push(known ?? index.size);
        if (known === undefined) index.set(node, index.size);
      }
      start.push(visits.length());
      sent.push(tally.sent - tally.unknown);
      lost.push(tally.sent - tally.unknown - tally.received);
    },
    collected: () => ({
      nodes: [...index.keys()],
      start: start.all(),
      visits: visits.all(),
      sent: sent.all(),
      lost: lost.all(),
      probes,
      odd,
      odds,
    }),
  };
}

interface Growing {
  readonly push: (value: number) => void;
  readonly length: () => number;
  readonly all: () => Uint32Array;
}

function growing(): Growing {
  let [values, length] = [new Uint32Array(1024), 0];
  return {
    push(value) {
      if (length === values.length) {
        const more = new Uint32Array(2 * length);
        more.set(values);
        values = more;
      }
      values[length] = value;
      length += 1;
    },
    length: () => length,
    all: () => values.slice(0, length),
  };
}
