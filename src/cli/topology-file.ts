/** A topology by the name a user gives: a file, or one of those that come with the program. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BeaconError } from '../error.ts';
import { PACKAGE_ROOT } from '../package-root.ts';
import { parseTopology } from '../topology/parse.ts';
import type { Topology } from '../topology/topology.ts';
import { readUserFile } from './network.ts';

const bundled = (name: string): string => join(PACKAGE_ROOT, 'fixtures/topologies', `${name}.yaml`);

const bundledNames = (): string[] =>
  readdirSync(join(PACKAGE_ROOT, 'fixtures/topologies'))
    .map((file) => file.replace(/\.yaml$/, ''))
    .sort();

/** `text`: what the file held when a recording was made of the run. */
export async function readTopology(fileOrName: string, text?: string): Promise<Topology> {
  return parseTopology(text ?? (await topologyText(fileOrName)), fileOrName);
}

export async function topologyText(fileOrName: string): Promise<string> {
  const isName = /^[a-z0-9_]+$/.test(fileOrName) && !existsSync(fileOrName) && existsSync(bundled(fileOrName));
  const file = isName ? bundled(fileOrName) : fileOrName;
  if (/^[a-z0-9_]+$/.test(fileOrName) && !existsSync(file)) {
    throw new BeaconError('ERR_FILE', `There is no topology ${fileOrName}: give a file, or one of ${bundledNames().join(', ')}`);
  }
  return readUserFile(file);
}
