/** What counts of walks come to: explanations, and what is known of each component. */

/** One component that loses more than a good one, with an interval by profile likelihood. Losses are for each crossing, 0–1. */
export interface Fault {
  readonly component: number;
  readonly loss: number;
  readonly low: number;
  readonly high: number;
}

/** A set of faults that fits: without any, all components are good. `deviance` is above that of the best explanation found, 0 or more. */
export interface Explanation {
  readonly faults: readonly Fault[];
  readonly deviance: number;
}

/** What is known of a component under every explanation that fits, those called `larger` aside. */
export type Judgement =
  | { readonly kind: 'clear'; readonly component: number; readonly low: number; readonly high: number; readonly probes: number }
  /** Faulty; `certain` where every explanation has it as a fault above the threshold. */
  | {
      readonly kind: 'suspect';
      readonly component: number;
      readonly certain: boolean;
      readonly low: number;
      readonly high: number;
      readonly probes: number;
    }
  /** Its interval straddles the threshold. */
  | { readonly kind: 'undecided'; readonly component: number; readonly low: number; readonly high: number; readonly probes: number }
  /** Each walk over it also crosses one of `dead`, which lose all. */
  | { readonly kind: 'behind'; readonly component: number; readonly dead: readonly number[]; readonly probes: number }
  /** No probe crossed it. */
  | { readonly kind: 'uncovered'; readonly component: number };

export interface Diagnosis {
  /** All of the smallest size that fits, then larger ones that the counts speak for more; the simplest first, then the likeliest. Never empty. */
  readonly explanations: readonly Explanation[];
  /** Larger explanations that these walks can never tell from one above: the two links of a device on a chain. */
  readonly larger: readonly Explanation[];
  /** One a component, by index. */
  readonly judgements: readonly Judgement[];
  /** What a good component loses at most, as given or estimated. */
  readonly background: number;
  readonly overdispersion: number;
  /** Chance of counts as far from the best explanation where the model holds. Near 0: the walks contradict one another (a path changed, loss of some flows only). */
  readonly fit: number;
}
