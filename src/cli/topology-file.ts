/** A topology by the name a user gives: a file, or one of those that come with the program. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../package-root.ts';
import { parseTopology } from '../topology/parse.ts';
import type { Topology } from '../topology/topology.ts';
import { readUserFile } from './network.ts';

const bundled = (name: string): string => join(PACKAGE_ROOT, 'fixtures/topologies', `${name}.yaml`);

export async function readTopology(fileOrName: string): Promise<Topology> {
  const isName = /^[a-z0-9_]+$/.test(fileOrName) && !existsSync(fileOrName) && existsSync(bundled(fileOrName));
  const file = isName ? bundled(fileOrName) : fileOrName;
  return parseTopology(await readUserFile(file), fileOrName);
}
