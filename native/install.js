/**
 * Builds the native addon. A failure warns and lets the installation succeed: the simulated engine works without it, and the
 * live engine says what is missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const prefix = join(dirname(process.execPath), '..');
/** Headers that came with this Node spare node-gyp a download. */
const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
const native = import.meta.dirname;
const build = spawnSync('node-gyp', ['-C', native, 'configure', 'build', '--release', ...headers], { encoding: 'utf8' });

if (build.status !== 0) {
  const words = build.error
    ? `node-gyp: ${build.error.message}`
    : build.stderr
        .split('\n')
        .filter((line) => /error|fatal/i.test(line))
        .slice(0, 5)
        .join('\n');
  console.error(`braceroute: the live engine was not built; the simulated one works without it.\n${words}`);
  console.error('To build it: apt-get install libpcap-dev g++ make python3, then npm run build');
}
