/** A topology by the name a user gives: a file, or one of those that come with the program. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseTopology } from '../topology/parse.ts';
import type { Topology } from '../topology/topology.ts';
import { readUserFile } from './network.ts';

/** src/ and dist/ stand side by side, so the way up is the same from both. */
const bundled = (name: string): string => fileURLToPath(new URL(`../../fixtures/topologies/${name}.yaml`, import.meta.url));

export async function readTopology(fileOrName: string): Promise<Topology> {
  const isName = /^[a-z0-9_]+$/.test(fileOrName) && !existsSync(fileOrName) && existsSync(bundled(fileOrName));
  const file = isName ? bundled(fileOrName) : fileOrName;
  return parseTopology(await readUserFile(file), fileOrName);
}
