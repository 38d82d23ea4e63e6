/**
 * The figures that the project promises, measured in a lab of kernel routers: whole processes of the built command, ratios within one
 * round, medians over rounds. Exits 1 where a promise is missed. `npm run bench -- trace probe` runs some of them.
 */
import { BeaconError } from '../src/error.ts';
import { BENCHMARKS } from './benchmarks.ts';

const wanted = process.argv.slice(2);
let missed = 0;
try {
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const { what, figure, limit, unit } of await benchmark()) {
      const verdict = limit === null ? '' : figure <= limit ? `(at most ${limit}${unit})` : `MISSED (at most ${limit}${unit})`;
      if (verdict.startsWith('MISSED')) missed += 1;
      console.log(`${what}: ${figure.toFixed(unit === ' s' ? 2 : 1)}${unit} ${verdict}`);
    }
  }
} catch (error) {
  if (!(error instanceof BeaconError)) throw error;
  console.error(`bench: ${error.message}`);
  missed += 1;
}
process.exitCode = missed === 0 ? 0 : 1;
