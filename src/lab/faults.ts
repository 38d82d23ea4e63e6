/** Breaks one link of a lab that is up, and mends it. */
import { BeaconError } from '../error.ts';
import { checkFault, type Fault, NO_FAULT } from '../topology/fault.ts';
import { linkNamed, nodeNamed } from '../topology/lookup.ts';
import type { Link, Topology } from '../topology/topology.ts';
import { appliedOn, mtusOf } from './applied.ts';
import { isDown, mend, takeDown } from './carrier.ts';
import { inside, run } from './command.ts';
import { type Direction, directionsOf } from './direction.ts';
import { clearBatch, faultBatch } from './maps.ts';
import { checkMtus, isUneven, setMtus } from './mtu.ts';
import { attachLines } from './pins.ts';
import { endRelay, isRelaying, startRelay } from './relay.ts';
import { isSlow, waits, withOwn } from './slow.ts';
import { readState, writeState } from './state.ts';

/** See Lab.fault. */
export async function setFault(topology: Topology, name: string, from: string | null, fault: Fault | 'down' | 'clear'): Promise<void> {
  const link = linkNamed(topology, name);
  const wanted = wantedOf(topology, link, from);
  if (fault === 'down') return takeDown(topology, link, from);
  if (fault !== 'clear') checkFault(fault, link.mtu);
  await change(topology, link, wanted, fault === 'clear' ? NO_FAULT : fault, fault !== 'clear' || isSlow(link));
  if (fault === 'clear' && (await isDown(topology.name, link))) await mend(topology, link);
}

function wantedOf(topology: Topology, link: Link, from: string | null): Direction[] {
  const sender = from === null ? null : nodeNamed(topology, from)?.name;
  const wanted = directionsOf(topology, link).filter(({ end }) => sender === null || end.node === sender);
  if (wanted.length > 0) return wanted;
  const ends = link.ends.map(({ node }) => node).join(' or ');
  throw new BeaconError('ERR_USAGE', `No packet leaves ${from} by link ${link.id}: its ends are ${ends}`);
}

/** Puts the fault on the directions, and what the link does by itself; where nothing is left to do (`keep` no), nothing stays. */
async function change(topology: Topology, link: Link, wanted: readonly Direction[], fault: Fault, keep: boolean): Promise<void> {
  const { name } = topology;
  const whole = withOwn(link, fault);
  const relayed = keep && waits(whole);
  const before = await appliedOn(name);
  const after = new Map([
    ...before,
    ...wanted.map(({ number, device }) => [number, { relay: relayed ? device : 0, mtu: fault.mtu }] as const),
  ]);
  const mtus = mtusOf(topology, link, after);
  const known = mtusOf(topology, link, before);
  await checkMtus(topology, link, mtus);
  if (relayed) await haveRelay(topology, link);
  if (keep) for (const direction of wanted) await attach(name, direction, whole, after.get(direction.number)!.relay);
  else for (const direction of wanted.filter(({ number }) => before.has(number))) await detach(name, direction);
  if (`${mtus}` !== `${known}`) await setMtus(topology, link, mtus, isUneven(mtus) || isUneven(known));
  if (!directionsOf(topology, link).some(({ number }) => after.get(number)?.relay)) await dismissRelay(topology, link);
}

async function attach(lab: string, { number, end }: Direction, fault: Fault, relay: number): Promise<void> {
  await run(lab, { argv: ['bpftool', 'batch', 'file', '-'], input: faultBatch(lab, number, fault, relay) });
  await run(lab, inside(lab, end.node, { argv: ['tc', '-batch', '-'], input: attachLines(lab, end.interface, 'egress', 'fault', number) }));
}

async function detach(lab: string, { number, end }: Direction): Promise<void> {
  const argv = ['tc', 'filter', 'del', 'dev', end.interface, 'egress', 'pref', '1'];
  await run(lab, inside(lab, end.node, { argv, input: '' }));
  await run(lab, { argv: ['bpftool', 'batch', 'file', '-'], input: clearBatch(lab, number) });
}

/** Its process outlives us, so the lab's state names it. */
async function haveRelay(topology: Topology, link: Link): Promise<void> {
  const state = readState(topology.name);
  const pid = state?.relays[link.id];
  if (state === null || (pid !== undefined && isRelaying(topology.name, link, pid))) return;
  writeState({ ...state, relays: { ...state.relays, [link.id]: await startRelay(topology, link) } });
}

async function dismissRelay({ name }: Topology, link: Link): Promise<void> {
  const state = readState(name);
  if (state?.relays[link.id] === undefined) return;
  const { [link.id]: pid, ...relays } = state.relays;
  await endRelay(name, link, pid!);
  writeState({ ...state, relays });
}
