/** What probes over many paths came to, in typed arrays: sixteen million paths take 600 MB. */

export interface PathTallies {
  /** Components are numbered links first: below `links` it is a link, `links + d` is device d. */
  readonly links: number;
  readonly devices: number;
  /** Path p crosses `crossings[start[p]]` to `crossings[start[p + 1] - 1]`, in travel order; a component may recur. */
  readonly start: Uint32Array;
  readonly crossings: Int32Array;
  /** Probes a path, without those of which nothing is known. */
  readonly sent: Uint32Array;
  readonly lost: Uint32Array;
}

/** A link or a device, by its own number. */
export interface Component {
  readonly kind: 'link' | 'device';
  readonly index: number;
}

export const componentAt = ({ links }: Pick<PathTallies, 'links'>, number: number): Component =>
  number < links ? { kind: 'link', index: number } : { kind: 'device', index: number - links };

/** So many of the paths, or nearly, evenly and yet in step with no plan: each next lies the golden ratio further within its stride. */
export function partOf(tallies: PathTallies, many: number): PathTallies {
  const stride = Math.ceil(tallies.sent.length / many);
  const numbers = Uint32Array.from({ length: Math.floor(tallies.sent.length / stride) }, (_, i) =>
    Math.floor(stride * (i + ((i * GOLDEN) % 1))),
  );
  const start = new Uint32Array(numbers.length + 1);
  for (let i = 0; i < numbers.length; i += 1) start[i + 1] = start[i]! + tallies.start[numbers[i]! + 1]! - tallies.start[numbers[i]!]!;
  const crossings = new Int32Array(start[numbers.length]!);
  for (let i = 0; i < numbers.length; i += 1) {
    crossings.set(tallies.crossings.subarray(tallies.start[numbers[i]!]!, tallies.start[numbers[i]! + 1]!), start[i]!);
  }
  const [sent, lost] = [numbers.map((path) => tallies.sent[path]!), numbers.map((path) => tallies.lost[path]!)];
  return { ...tallies, start, crossings, sent, lost };
}

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Throws RangeError where the arrays do not fit each other, a count is above another, or a crossing names no component. */
export function checkTallies({ links, devices, start, crossings, sent, lost }: PathTallies): void {
  const paths = sent.length;
  if (start.length !== paths + 1 || lost.length !== paths) {
    throw new RangeError(`${paths} paths need ${paths + 1} starts and ${paths} losses, got ${start.length} and ${lost.length}`);
  }
  if (start[0] !== 0 || start[paths] !== crossings.length) {
    throw new RangeError(`Paths start at 0 and end at ${crossings.length}, got ${start[0]} and ${start[paths]}`);
  }
  const components = links + devices;
  for (let path = 0; path < paths; path += 1) {
    if (start[path]! > start[path + 1]!) throw new RangeError(`Path ${path} ends before it starts: ${start[path]} to ${start[path + 1]}`);
    if (lost[path]! > sent[path]!) throw new RangeError(`Path ${path} lost ${lost[path]} of ${sent[path]}`);
  }
  for (let at = 0; at < crossings.length; at += 1) {
    const component = crossings[at]!;
    // also of those below 0
    if (component >>> 0 >= components) throw new RangeError(`A component is 0 to ${components - 1}, got ${component}`);
  }
}
