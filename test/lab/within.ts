/** Runs a test file once more inside the vantage of a lab: there it tests the live engine against kernel routers. */
import { fileURLToPath } from 'node:url';
import { up } from '../../src/lab/up.ts';
import type { Topology } from '../../src/topology/topology.ts';

/** Tells the process inside which topology it is in. */
export const WITHIN = 'BEACON_TEST_WITHIN';

/** Passes on what the inner process prints (its summary among it) and its exit code. */
export async function runWithin(topology: Topology, fileUrl: string, timeoutMs: number): Promise<void> {
  await using lab = await up(topology);
  const argv = [process.execPath, '--import', 'tsx', fileURLToPath(fileUrl)];
  const { code, stdout, stderr } = await lab.exec('a', argv, { timeoutMs, env: { [WITHIN]: JSON.stringify(topology) } });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code ?? 1;
}
