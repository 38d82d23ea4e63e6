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
    if (component < 0 || component >= components) throw new RangeError(`A component is 0 to ${components - 1}, got ${component}`);
  }
}
