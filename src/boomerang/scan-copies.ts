/** What a router copies from the header that it strips into the one that it uncovers: the ttl, the DSCP, the mark of congestion. */
import type { Itinerary } from '../probe/itinerary.ts';
import type { Address } from '../wire/address.ts';
import type { Heard } from './asker.ts';
import { type Fact, INTERRUPTED, known, notKnown } from './fact.ts';
import { dressed, heardOf, type Scanner } from './scan-ask.ts';

export type TtlModel = 'pipe' | 'uniform';
export type DscpFate = 'kept' | 'copied' | 'remarked';
export type EcnFate = 'kept' | 'copied';

type Landed = Heard & { readonly kind: 'landed' };

/** Both are more than any way is long. */
const TTLS = [32, 128] as const;

/** RFC 3443: of a uniform router the ttl at home follows that of the header that was stripped. `home`: comes home from there. */
export async function ttlModelAt(scanner: Scanner, home: Itinerary): Promise<Fact<TtlModel>> {
  const pair = await landedPair(
    scanner,
    TTLS.map((ttl) => dressed(home, { ttl }, {})),
  );
  if (pair === null) return unheard(scanner);
  return known(pair[0].ttl === pair[1].ttl ? 'pipe' : 'uniform');
}

/** Expedited forwarding (RFC 3246), or none where that is the flow's own. */
const OTHER_DSCP = 46;

export interface Dscp {
  readonly fate: Fact<DscpFate>;
  /** That with which everything comes home where it is remarked; null else. */
  readonly remarkedTo: number | null;
}

/** `remarker`: a nearer router from which everything comes home with one DSCP already. */
export async function dscpAt(scanner: Scanner, home: Itinerary, remarker: Address | null): Promise<Dscp> {
  const own = scanner.flow.dscp;
  const other = own === OTHER_DSCP ? 0 : OTHER_DSCP;
  const as = (outer: number, inner: number): Itinerary => dressed(home, { trafficClass: outer << 2 }, { trafficClass: inner << 2 });
  const pair = await landedPair(scanner, [as(other, own), as(own, other)]);
  const fate = (fact: Fact<DscpFate>, remarkedTo: number | null = null): Dscp => ({ fate: fact, remarkedTo });
  if (pair === null) return fate(unheard(scanner));
  const [first, second] = pair.map(({ trafficClass = 0 }) => trafficClass >> 2);
  if (first === own && second === other) return fate(known('kept'));
  if (first === other && second === own) return fate(known('copied'));
  if (first !== second) return fate(notKnown(`comes home as ${first} and ${second}, sent as ${own} and ${other}`));
  if (remarker !== null) return fate(notKnown(`everything comes home as ${first} from ${remarker} already`));
  return fate(known('remarked', `everything comes home as ${first}, from it or the way there`), first ?? null);
}

const ECT_0 = 2;
const CONGESTED = 3;
const ECN = 3;

/** RFC 6040 §4.2: congestion that was met outside is to be kept inside. What carries no ECT inside would be dropped, so that is not sent. */
export async function ecnAt(scanner: Scanner, home: Itinerary): Promise<Fact<EcnFate>> {
  const dscp = scanner.flow.dscp << 2;
  const as = (outer: number): Itinerary => dressed(home, { trafficClass: dscp | outer }, { trafficClass: dscp | ECT_0 });
  const pair = await landedPair(scanner, [as(ECT_0), as(CONGESTED)]);
  if (pair === null) return unheard(scanner);
  const [plain, marked] = pair.map(({ trafficClass = 0 }) => trafficClass & ECN);
  if (plain !== ECT_0) return notKnown(`the way marks or clears it: ECT(0) comes home as ${plain}`);
  if (marked === CONGESTED) return known('copied');
  return marked === ECT_0 ? known('kept', 'congestion on the way to it is not seen inside') : notKnown(`comes home as ${marked}`);
}

const unheard = ({ isOver }: Scanner): Fact<never> => (isOver() ? INTERRUPTED : notKnown('probes that differ in it do not come home'));

async function landedPair(scanner: Scanner, pair: readonly Itinerary[]): Promise<readonly [Landed, Landed] | null> {
  const [one, other] = await heardOf(scanner, pair);
  return one?.kind === 'landed' && other?.kind === 'landed' ? [one, other] : null;
}
