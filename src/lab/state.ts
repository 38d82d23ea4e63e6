/** What is written down of a lab, so that another process finds it: /run/beacon/NAME.json. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Topology } from '../topology/topology.ts';
import { STATE_DIRECTORY, stateFile } from './places.ts';

export interface State {
  /** `rising` with nobody at work: what a killed process left. */
  readonly phase: 'rising' | 'up';
  readonly pid: number;
  /** When `up` began, ISO 8601. */
  readonly since: string;
  /** Link → the process that delays its packets. */
  readonly relays: Readonly<Record<string, number>>;
  readonly topology: Topology;
}

/** Whole or not at all: a reader never meets half a file. */
export function writeState(state: State): void {
  const file = stateFile(state.topology.name);
  mkdirSync(STATE_DIRECTORY, { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(state)}\n`);
  renameSync(`${file}.new`, file);
}

/** Null where there is none, or none that can be read. */
export function readState(lab: string): State | null {
  try {
    return { relays: {}, ...(JSON.parse(readFileSync(stateFile(lab), 'utf8')) as Omit<State, 'relays'> & Partial<State>) };
  } catch {
    return null;
  }
}

export function removeState(lab: string): void {
  rmSync(`${stateFile(lab)}.new`, { force: true });
  rmSync(stateFile(lab), { force: true });
  removeEmpty(STATE_DIRECTORY);
}

export const statedLabs = (): string[] => namesIn(STATE_DIRECTORY).flatMap((file) => /^([a-z0-9_]+)\.json(\.new)?$/.exec(file)?.[1] ?? []);

/** The entries of a directory, none where it does not exist. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** A directory that others may use too goes only when nothing is left in it. */
export function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // in use, or never made
  }
}
