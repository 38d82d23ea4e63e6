/**
 * Builds the native addon; `install.js packages`: the npm packages that the engines pcap and cap are made of, where npm was told to
 * run no scripts. A failure warns and lets the installation succeed: the simulated engine works without any of it, and the
 * engines say what is missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const native = import.meta.dirname;
const packages = join(native, '../node_modules');
const BUILDS = {
  addon: [{ name: 'the live engine', directory: native }],
  packages: ['pcap', 'cap'].map((name) => ({ name: `the engine ${name}`, directory: join(packages, name) })),
};

const prefix = join(dirname(process.execPath), '..');
/** Headers that came with this Node spare node-gyp a download. */
const headers = existsSync(join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];

for (const { name, directory } of BUILDS[process.argv[2] ?? 'addon']) {
  const words = existsSync(join(directory, 'binding.gyp')) ? build(directory) : `${directory} is not installed`;
  if (words === null) continue;
  console.error(`braceroute: ${name} was not built; the simulated one works without it.\n${words}`);
  console.error('To build it: apt-get install libpcap-dev g++ make python3, then npm run build');
}

/** What went wrong, or null. */
function build(directory) {
  const { status, error, stderr } = spawnSync('node-gyp', ['-C', directory, 'configure', 'build', '--release', ...headers], {
    encoding: 'utf8',
  });
  if (status === 0) return null;
  if (error) return `node-gyp: ${error.message}`;
  return stderr
    .split('\n')
    .filter((line) => /error|fatal/i.test(line))
    .slice(0, 5)
    .join('\n');
}
