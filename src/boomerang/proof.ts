/**
 * Whether a guessed address is the last router's own. Where a hop answered from another link than the one it was reached by, its mate
 * there is a stranger, and the way home would lead over that one without anybody noticing.
 */
import { smallestSize } from '../probe/itinerary.ts';
import { LEAST_PATIENCE_NS } from '../probe/patience.ts';
import { type Asker, askUntilHeard, type Heard, isRefusalOf, TRIES } from './asker.ts';
import { boomerang, type Waypoint } from './itinerary.ts';

/** `landed`: it is, and the boomerang that asked has come home that way. */
export type Proof = { readonly kind: 'own' | 'stranger' | 'silent' } | { readonly kind: 'landed'; readonly outcome: Heard };

/** Several of these are no great loss: the known addresses are asked next. */
const GAP_NS = LEAST_PATIENCE_NS / 3;

/**
 * A boomerang that visits the guessed address right behind the known one, by a leg of ttl 1: such a header gets no further than to
 * the router that uncovers it. If that one has the address, it strips this header too, or says that it does not; else it tells that
 * the ttl ran out.
 */
export async function proofOf(asker: Asker, waypoints: readonly Waypoint[]): Promise<Proof> {
  const last = waypoints.at(-2)!;
  const known = { ...last, home: last.out };
  const guessed = { position: last.position, out: last.home, home: last.home };
  const asked = [...waypoints.slice(0, -2), known, guessed, waypoints.at(-1)!];
  const free = { ...asker, flow: { ...asker.flow, size: null } };
  if (!(await fits(free, asked))) return { kind: 'silent' };
  const outcome = await askUntilHeard(free, asked, TRIES, GAP_NS);
  if (outcome === null) return { kind: 'silent' };
  if (outcome.kind === 'landed') return { kind: 'landed', outcome };
  const index = waypoints.length - 1;
  return { kind: isRefusalOf(outcome, index) || (outcome.leg ?? 0) > index ? 'own' : 'stranger' };
}

/** It wears two headers more than what is asked else. */
async function fits({ engine, path, landing, flow, source }: Asker, waypoints: readonly Waypoint[]): Promise<boolean> {
  const { layers } = boomerang(path, waypoints, landing, flow, source);
  return smallestSize(layers) <= (await engine.route(layers[0]!.destination)).mtu;
}
