/** What `lab fault` is asked to make a router do. */
import { BeaconError } from '../error.ts';
import { type Behaviour, FILTERS, type Filter, type HashPolicy, POLICER_FORM, policerOf } from '../topology/behaviour.ts';
import type { TopologyNode } from '../topology/topology.ts';
import type { Options } from './lab-fault.ts';

/** How each option of a router changes its behaviour. */
const CHANGES: Readonly<Record<string, (text: string) => Partial<Behaviour>>> = {
  filter: (text) => ({ filters: filtersOf(text) }),
  uniformTtl: () => ({ uniformTtl: true }),
  remarkDscp: (text) => ({ remarkDscp: numberOf(text, '--remark-dscp', 63) }),
  policer: (text) => ({ icmpPolicer: policerOf(text) ?? refuse(`--policer ${text}: write ${POLICER_FORM}; 0 is silence`) }),
  hashPolicy: (text) => ({ hashPolicy: numberOf(text, '--hash-policy', 3) as HashPolicy }),
  acceptLocal: () => ({ acceptLocal: true }),
};

/** Options that links have too, and the one that says which lab. */
const SHARED = ['policer', 'clear', 'lab'];

/** What the topology says of the router, with the changes asked for. Throws BeaconError ERR_USAGE where none is, or one of a link. */
export function behaviourOf(options: Options, { name, vantage, behaviour }: TopologyNode): Behaviour | 'clear' {
  const asked = Object.keys(options);
  const alien = asked.find((option) => !(option in CHANGES) && !SHARED.includes(option));
  const changes = asked.filter((option) => option in CHANGES);
  if (vantage) refuse(`${name} is the vantage, which forwards nothing: name a router, or a link such as r1-r2`);
  if (alien !== undefined) refuse(`${written(alien)} is for a link, and ${name} is a node: name a link such as r1-r2`);
  if (options.clear && changes.length > 0) refuse('--clear goes with no other: give it alone');
  if (options.clear) return 'clear';
  if (changes.length === 0)
    refuse(`Nothing is asked of ${name}: say --filter land, --uniform-ttl, --clear or another (braceroute lab fault --help)`);
  return Object.assign({}, behaviour, ...changes.map((option) => CHANGES[option]!(String(options[option]))));
}

/** Throws BeaconError ERR_USAGE where an option is only a router's. */
export function requireLinkOptions(options: Options, link: string): void {
  const alien = Object.keys(options).find((option) => option in CHANGES && !SHARED.includes(option));
  if (alien !== undefined) refuse(`${written(alien)} is for a router, and ${link} is none of this lab: name a node such as r1`);
}

function filtersOf(text: string): Filter[] {
  const words = text.split(/[ ,]+/).filter((word) => word !== '');
  const odd = words.find((word) => !(FILTERS as readonly string[]).includes(word));
  if (odd !== undefined || words.length === 0) refuse(`--filter ${text}: write some of ${FILTERS.join(',')}`);
  return FILTERS.filter((filter) => words.includes(filter));
}

function numberOf(text: string, option: string, most: number): number {
  const value = /^\d{1,2}$/.test(text) ? Number(text) : most + 1;
  return value <= most ? value : refuse(`${option} ${text}: write a whole number from 0 to ${most}`);
}

/** `uniformTtl` as it is typed: `--uniform-ttl`. */
const written = (option: string): string => `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function refuse(text: string): never {
  throw new BeaconError('ERR_USAGE', text);
}
