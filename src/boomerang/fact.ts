/** What a scan knows of one property of a router: its value, or why that is not known. Silence alone is never a value. */
export interface Fact<Value> {
  /** Null where it is not known. */
  readonly value: Value | null;
  /** What says so, or why nothing does; null where the value needs no words. */
  readonly why: string | null;
}

export const known = <Value>(value: Value, why: string | null = null): Fact<Value> => ({ value, why });

export const notKnown = (why: string): Fact<never> => ({ value: null, why });

/** What a run that was interrupted did not come to. */
export const INTERRUPTED: Fact<never> = notKnown('interrupted');
