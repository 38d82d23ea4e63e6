/** Tallies of a few paths, written as rows. */
import type { PathTallies } from '../../src/infer/path-tallies.ts';

export type Row = readonly [crossings: readonly number[], sent: number, lost: number];

export const talliesOf = (links: number, devices: number, rows: readonly Row[]): PathTallies => ({
  links,
  devices,
  start: Uint32Array.from([0, ...rows.map((_, i) => rows.slice(0, i + 1).reduce((sum, [crossings]) => sum + crossings.length, 0))]),
  crossings: Int32Array.from(rows.flatMap(([crossings]) => crossings)),
  sent: Uint32Array.from(rows, ([, sent]) => sent),
  lost: Uint32Array.from(rows, ([, , lost]) => lost),
});

/** The log-likelihood by its definition, for losses by component; a good link's own is among them. */
export const likelihood = (rows: readonly Row[], loss: readonly number[]): number =>
  rows.reduce((sum, [crossings, sent, lost]) => {
    const survival = crossings.reduce((product, component) => product * (1 - loss[component]!), 1);
    const log = (x: number): number => Math.log(Math.max(x, 1e-300));
    return sum + (lost > 0 ? lost * log(1 - survival) : 0) + (sent > lost ? (sent - lost) * log(survival) : 0);
  }, 0);
