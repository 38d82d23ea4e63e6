/** Closed walks of probes over the components of a network, and what was counted on them: the values that exact inference takes. */

/**
 * A closed walk: the components that it crosses in travel order (directed links, and devices), each by index from 0. One may recur, and
 * then it may lose the probe each time.
 */
export interface Walk {
  readonly crossings: readonly number[];
}

/** Probes sent over one walk and those of them that were lost. Unknown ones and errors are already taken out of `sent`. */
export interface WalkCounts {
  readonly sent: number;
  readonly lost: number;
}
