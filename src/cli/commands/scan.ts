/** `braceroute scan HOST…`: what each router on the way to a host, and the host itself, does with nested packets. */
import type { Landing } from '../../boomerang/itinerary.ts';
import { type Card, type ScannedHop, scan } from '../../boomerang/scan.ts';
import { itineraryOver, type Scanner } from '../../boomerang/scan-ask.ts';
import { LARGEST_SCANNED } from '../../boomerang/scan-extent.ts';
import { BeaconError, CANNOT_TELL } from '../../error.ts';
import { type Asking, openAsk } from '../../probe/ask.ts';
import type { Flow } from '../../probe/itinerary.ts';
import { ceilingOf, loadOf, USUAL_SHARE } from '../../probe/load.ts';
import { patienceNsFor } from '../../probe/patience.ts';
import { newRun } from '../../probe/run.ts';
import { addressesOfNode, type HopMap } from '../../topology/hop-map.ts';
import { type Address, type FamilyNumber, familyOf } from '../../wire/address.ts';
import { isOurs } from '../ends.ts';
import { type FlowOptions, flowOf } from '../flow.ts';
import { otherAddress } from '../layer-source.ts';
import { type MapOptions, readMap } from '../map-file.ts';
import { createNamer, mappedNames, type Namer } from '../namer.ts';
import { familyWanted, hostOf, type Network } from '../network.ts';
import { mayVisit, type PermissionOptions, refuseTranslation, requirePermission } from '../permission.ts';
import { scanEvent } from '../scan-event.ts';
import type { Body, Said } from '../session.ts';
import { nestedTranslation } from '../translation.ts';
import { type NamedCard, writeMap } from '../write-map.ts';
import { discover, type Found } from './discover.ts';

export interface ScanCommandOptions extends FlowOptions, PermissionOptions, MapOptions {
  readonly timeout: number;
  readonly maxHops: number;
  readonly landing: Landing;
  readonly numeric?: boolean;
  readonly maxLinkLoad?: number;
  readonly writeMap?: string;
}

/** What one run keeps from host to host. */
interface Scan {
  readonly network: Network;
  readonly signal: AbortSignal;
  readonly options: ScanCommandOptions;
  readonly asking: Asking;
  readonly flow: Flow;
  readonly map: HopMap | null;
  readonly namer: Namer;
  /** Every hop has one card, though it may be on the way to many hosts. */
  readonly cards: NamedCard[];
}

export const scanCommand = (hosts: readonly string[], options: ScanCommandOptions): Body =>
  async function* (network, signal) {
    const { engine, names, random } = network;
    const family = familyWanted({ ...options });
    for (const host of hosts) {
      const { address } = await hostOf(names, host, family); // a misspelled one is told before anything is sent
      if (await isOurs(engine, address)) throw new BeaconError('ERR_USAGE', `${host} is us: name a router or a host elsewhere`);
    }
    const run = newRun(random);
    const map = await readMap(options);
    const namer = createNamer(map === null ? names : mappedNames(names, map), options.numeric ?? false);
    const asking = openAsk(engine, run, signal);
    const scanned: Scan = { network, signal, options, asking, flow: flowOf(options, run), map, namer, cards: [] };
    const exits: number[] = [];
    let failure: unknown = null;
    try {
      for (const host of hosts) {
        exits.push(yield* scanOf(scanned, host));
        if (signal.aborted) break;
      }
    } catch (error) {
      failure = error; // what is known by then is written all the same
    }
    yield* namer.late();
    const { writeMap: file } = options;
    if (file !== undefined && engine.name !== 'replay' && scanned.cards.length > 0) await writeMap(file, scanned.cards);
    if (failure !== null) throw failure;
    const exit = signal.aborted ? CANNOT_TELL : ([4, 1, CANNOT_TELL].find((code) => exits.includes(code)) ?? 0);
    return { reached: signal.aborted ? null : !exits.includes(1), exit };
  };

/** Says what is found on the way to one host, and returns the exit code of it. */
async function* scanOf(scanned: Scan, host: string): AsyncGenerator<Said, number> {
  const { network, signal, options, asking, flow, map, cards } = scanned;
  const wanted = { ...options, destination: host, family: familyWanted({ ...options }), known: map };
  const found = yield* discover('scan', network, asking, { ...flow, size: null }, wanted, signal);
  if ('exit' in found) return found.exit;
  const { path } = found;
  requirePermission(path.hops, options);
  refuseTranslation(path.us, path.hops, options);
  const translated = yield* nestedTranslation(asking);
  if (translated !== null) return translated;
  const scanner = await scannerOf(scanned, found);
  const hops: ScannedHop[] = [];
  let isKnown = true;
  for (const [index, address] of path.hops.entries()) {
    if (address === null) {
      isKnown = false;
      yield silentHop(index + 1);
      continue;
    }
    const { hop, leftOut } = await hopOf(scanned, index + 1, address);
    hops.push(hop);
    if (leftOut > 0) yield manyAddresses(hop, leftOut);
  }
  const target = path.hops.findLast((address) => address !== null)!;
  const earlier = (address: Address): Card | null => cards.find(({ card }) => card.addresses.includes(address))?.card ?? null;
  for await (const card of scan(scanner, hops, target, earlier)) {
    const name = await scanned.namer.soon(card.address);
    cards.push({ card, name });
    yield* remarksOn(card);
    yield scanEvent(card, name);
    isKnown &&= isTold(card);
  }
  if (signal.aborted) return CANNOT_TELL;
  if (!found.reached) return found.answers ? CANNOT_TELL : 1;
  return isKnown ? 0 : CANNOT_TELL;
}

/** Whether it strips the family by which it was seen. */
const isTold = ({ nested, address }: Card): boolean => nested.some((one) => one.address === address && one.fact.value !== null);

const silentHop = (position: number): Said => ({
  type: 'problem',
  code: 'SILENT_HOP',
  message: `Hop ${position} is silent: its address is not known, so it has no card`,
});

const manyAddresses = ({ position, address }: ScannedHop, leftOut: number): Said => ({
  type: 'problem',
  code: 'ADDRESSES_LEFT_OUT',
  message: `Hop ${position}, ${address}, has more than ${MOST_MAYBE} addresses by its name: ${leftOut} of them are not asked; --map takes them`,
});

/** A hop that is not who it seems. */
function* remarksOn({ position, address, nested, place }: Card): Generator<Said> {
  const impostor = nested.find((one) => one.impostor !== null);
  const why = impostor !== undefined ? `${impostor.impostor} answers for ${impostor.address}` : place.value === false ? place.why : null;
  if (why === null) return;
  const message = `Hop ${position} was seen as ${address}, and may be another: ${why}; its card is that of ${address}, whoever that is`;
  yield { type: 'problem', code: 'ANSWERS_FOR_ANOTHER', message };
}

/** From one probe to the next; less where the ceiling of the links asks for it. */
const GAP_NS = 5_000_000;
/** Routers answer slower than they forward. */
const LEAST_ROUND_NS = 30_000_000;
const ROUNDS = 1.5;

async function scannerOf({ network, options, asking, flow, signal }: Scan, { path, rttNs }: Found): Promise<Scanner> {
  const { engine } = network;
  const ours = addressesOfOurs(network, path.us);
  const timeoutNs = options.timeout * 1e9;
  const scanner: Scanner = {
    engine,
    asking,
    flow: { ...flow, size: null },
    landing: options.landing,
    ...ours,
    patienceNs: rttNs === null ? timeoutNs : Math.min(timeoutNs, patienceNsFor(rttNs)),
    everyNs: GAP_NS,
    roundNs: rttNs === null ? LEAST_ROUND_NS : Math.max(LEAST_ROUND_NS, ROUNDS * rttNs),
    isOver: () => signal.aborted,
  };
  const route = await engine.route(path.hops.find((address) => address !== null)!);
  const largest = itineraryOver({ ...scanner, flow: { ...flow, size: Math.min(route.mtu, LARGEST_SCANNED) } }, [route.destination]);
  const load = engine.can.realTime ? loadOf([largest]) : null;
  if (load === null) return scanner;
  const { rate } = ceilingOf(load, network.linkSpeed?.(route.interface) ?? null, options.maxLinkLoad ?? USUAL_SHARE);
  return { ...scanner, everyNs: Math.max(GAP_NS, 1e9 / rate) };
}

/** Any address: those of our own that are of its family are asked for. */
const OF_FAMILY: Readonly<Record<FamilyNumber, Address>> = { 4: '0.0.0.0', 6: '::' };

function addressesOfOurs(network: Network, us: Address): Pick<Scanner, 'us' | 'second'> {
  const family = familyOf(us);
  const other: FamilyNumber = family === 4 ? 6 : 4;
  const usOther = otherAddress(OF_FAMILY[other], network) ?? network.ownAddresses?.(OF_FAMILY[other])[0] ?? null;
  const second = otherAddress(us, network);
  const secondOther = usOther === null ? null : otherAddress(usOther, network);
  return {
    us: { [family]: us, ...(usOther !== null && { [other]: usOther }) },
    second: { ...(second !== null && { [family]: second }), ...(secondOther !== null && { [other]: secondOther }) },
  };
}

/** Of the addresses of a hop's name so many are asked; a probe each shows whether they are the hop's own. */
const MOST_MAYBE = 64;

/** A map's addresses are the hop's own; those of its name may be, if a probe shows so. */
async function hopOf(
  { network, options, map, namer }: Scan,
  position: number,
  address: Address,
): Promise<{ readonly hop: ScannedHop; readonly leftOut: number }> {
  const isAllowed = mayVisit(options);
  const node = map?.get(address);
  const others = node === undefined ? [] : addressesOfNode(node).filter(isAllowed);
  const name = await namer.soon(address);
  const named = name === null || node !== undefined ? [] : await network.names.addresses(name, null);
  const maybe: Address[] = [];
  for (const each of named.slice(0, MOST_MAYBE)) {
    if (each !== address && isAllowed(each) && (await isReached(network, each))) maybe.push(each);
  }
  const asked: Address[] = [];
  for (const each of others) if (await isReached(network, each)) asked.push(each);
  return { hop: { position, address, others: asked, maybe }, leftOut: Math.max(0, named.length - MOST_MAYBE) };
}

async function isReached({ engine }: Network, address: Address): Promise<boolean> {
  if (await isOurs(engine, address)) return false;
  try {
    await engine.route(address);
    return true;
  } catch {
    return false;
  }
}
