/** Where this package lies: its sources, its build and the bundled command find the addon, the topologies and package.json by it. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PACKAGE_ROOT: string = upToPackage(dirname(fileURLToPath(import.meta.url)));

function upToPackage(directory: string): string {
  if (existsSync(join(directory, 'package.json')) || directory === '/') return directory;
  return upToPackage(dirname(directory));
}
