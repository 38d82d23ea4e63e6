/** How a scan asks: probes that one router strips and that come home from there, and what becomes of them. */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import { FAR, type Flow, type Itinerary, type Layer } from '../probe/itinerary.ts';
import { isOutcome, type Outcome } from '../probe/observation.ts';
import { type Question, question } from '../probe/question.ts';
import { type Address, type FamilyNumber, familyOf } from '../wire/address.ts';
import { errorKind } from '../wire/icmp.ts';
import { type Heard, isHeard } from './asker.ts';
import { circuit, type Landing } from './itinerary.ts';
import { type LayerSource, US } from './layer-source.ts';

export interface Scanner {
  readonly engine: Engine;
  readonly asking: Asking;
  readonly flow: Flow;
  readonly landing: Landing;
  /** Our addresses, of one family or of both. */
  readonly us: Partial<Readonly<Record<FamilyNumber, Address>>>;
  /** Second addresses of ours. */
  readonly second: Partial<Readonly<Record<FamilyNumber, Address>>>;
  readonly patienceNs: number;
  /** From one probe to the next. */
  readonly everyNs: number;
  /** Before what was not heard is asked again. */
  readonly roundNs: number;
  /** Ctrl-C: what was not heard by then is not known. */
  readonly isOver: () => boolean;
}

/** Silence is asked again so often before anything is made of it. */
export const TRIES = 3;

const ours = ({ us }: Scanner, family: FamilyNumber): Address => us[family] ?? us[4] ?? us[6]!;

const AT_HOME = 1;

/** Out to each of the stops in turn, which strip a header each, and home. */
export function itineraryOver(scanner: Scanner, stops: readonly Address[], source: LayerSource = US): Itinerary {
  const us = ours(scanner, familyOf(stops.at(-1)!));
  const path = { us, hops: [], distance: null, loose: true };
  return circuit(
    path,
    stops.map((destination) => ({ destination, ttl: FAR })),
    scanner.landing,
    scanner.flow,
    source,
  );
}

/** To one router, with a header of this family inside that leads home from us or another address of ours; `ttl` is that header's. */
export function nestedIn(scanner: Scanner, address: Address, inner: FamilyNumber, ttl: number, source?: Address): Itinerary {
  const [outside, inside] = [ours(scanner, familyOf(address)), ours(scanner, inner)];
  const home = { source: source ?? inside, destination: inside, ttl };
  const layers = [{ source: outside, destination: address, ttl: FAR }, home];
  if (scanner.landing === 'ipip') layers.push({ ...home, ttl: AT_HOME });
  return { layers, flow: scanner.flow, landing: layers.length - 1 };
}

/** Twice to one router: what it uncovers is for itself, and it answers that nobody listens there. */
export function deliveredTo(scanner: Scanner, address: Address): Itinerary {
  const layer = { source: ours(scanner, familyOf(address)), destination: address, ttl: FAR };
  return { layers: [layer, layer], flow: scanner.flow, landing: 0 };
}

/** The itinerary with other fields in its outermost header and in those inside. */
export function dressed({ layers, ...rest }: Itinerary, outermost: Partial<Layer>, inside: Partial<Layer>): Itinerary {
  return { ...rest, layers: layers.map((layer, index) => ({ ...layer, ...(index === 0 ? outermost : inside) })) };
}

export const questionsOf = ({ engine }: Scanner, itineraries: readonly Itinerary[]): Promise<Question[]> =>
  Promise.all(itineraries.map((itinerary) => question(engine, itinerary, 0)));

/** What is heard first of each; null where nothing is, though it was asked `tries` times, a round trip apart. */
export async function heardOf(scanner: Scanner, itineraries: readonly Itinerary[], tries: number = TRIES): Promise<(Heard | null)[]> {
  const { asking, everyNs, patienceNs, roundNs } = scanner;
  const questions = await questionsOf(scanner, itineraries);
  const heard = new Map<Question, Heard>();
  let [asked, endsRound] = [0, false];
  const rounds = function* (): Generator<Question> {
    for (; asked < tries * questions.length; asked += 1) {
      const question = questions[asked % questions.length]!;
      if (heard.has(question)) continue;
      endsRound = questions.slice((asked % questions.length) + 1).every((later) => heard.has(later));
      yield question;
    }
  };
  const gapNs = (): number => (endsRound ? Math.max(everyNs, Math.min(roundNs, patienceNs)) : everyNs);
  for await (const seen of asking.ask(rounds(), { everyNs: gapNs, timeoutNs: () => patienceNs, settle: 'first' })) {
    if (isOutcome(seen) && isHeard(seen) && !heard.has(seen.probe.question)) heard.set(seen.probe.question, seen);
  }
  return questions.map((one) => heard.get(one) ?? null);
}

/** In the order in which they were asked. */
export async function outcomesOf(
  { asking, everyNs, patienceNs }: Scanner,
  questions: Iterable<Question>,
  gapNs: () => number = () => everyNs,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const options = { everyNs: gapNs, timeoutNs: () => patienceNs, settle: 'first' } as const;
  for await (const seen of asking.ask(questions, options)) if (isOutcome(seen)) outcomes.push(seen);
  return outcomes.sort((one, other) => one.probe.sequence - other.probe.sequence);
}

/** How many of each come home, asked in turn so that what befalls the one befalls the other. */
export interface Contrast {
  readonly asked: number;
  readonly tested: number;
  readonly control: number;
}

const ASKED = 8;
/** 0 of 8 beside 6 of 8 come of one and the same chance once in 300 (Fisher's exact test), beside 8 of 8 once in 10,000. */
const ENOUGH = 6;

export async function contrastOf(scanner: Scanner, tested: Itinerary, control: Itinerary): Promise<Contrast> {
  const [one, other] = await questionsOf(scanner, [tested, control]);
  const outcomes = await outcomesOf(scanner, Array.from({ length: ASKED }, () => [one!, other!]).flat());
  const landed = outcomes.filter(({ kind }) => kind === 'landed').map(({ probe }) => probe.question);
  return {
    asked: ASKED,
    tested: landed.filter((question) => question === one).length,
    control: landed.filter((question) => question === other).length,
  };
}

/** The one never comes home where the other does. */
export const isDropped = ({ tested, control }: Contrast): boolean => tested === 0 && control >= ENOUGH;

/** `10.0.1.1 answers ICMP 3/13` */
export const toldBy = ({ from, icmp: { family, type, code } }: Heard & { readonly kind: 'answered' }): string =>
  `${from} answers ${errorKind(family, type, code).replace(/^icmp/, 'ICMP')}`;
