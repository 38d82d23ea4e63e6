/** How long silence is waited out once a round trip on the way is known. */

/** Routers answer slower than hosts, so never less than this. */
export const LEAST_PATIENCE_NS = 150_000_000;
const RTTS = 3;

export const patienceNsFor = (rttNs: number): number => Math.max(LEAST_PATIENCE_NS, RTTS * rttNs);
