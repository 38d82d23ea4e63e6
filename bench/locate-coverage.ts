/**
 * How often the interval of a fault covers its loss when the sequential test chose the probes, how long it is, and what was spent:
 * node --import tsx bench/locate-coverage.ts [runs] [seed]. Nominal 95 %, a bridge to a cycle of four.
 */
import { planWalks } from '../src/infer/circuits.ts';
import { explain } from '../src/infer/explain.ts';
import { decide, nextRound } from '../src/infer/sequential.ts';
import { AWAY, network } from '../test/infer/networks.ts';
import { chanceOf, counts } from '../test/infer/random.ts';

const TEST = { acceptable: 1e-4, unacceptable: 1e-2 };
const MOST_SPENT = 100_000;
const [runs, seed] = [Number(process.argv[2] ?? 2000), Number(process.argv[3] ?? 1)];
const { moves, components, link } = network(AWAY);
const walks = planWalks(moves, { vantage: 0, components });
const fault = link(2, 3);
const chance = chanceOf(seed);
console.log('loss     runs  named  covered  length/fixed  packets');
for (const loss of [0.01, 0.02, 0.05, 0.1, 0.3, 1]) {
  const losses = Array.from({ length: components }, (_, component) => (component === fault ? loss : 5e-5));
  const sums = { named: 0, covered: 0, length: 0, fixed: 0, spent: 0 };
  for (let run = 0; run < runs; run += 1) one(losses, loss, sums);
  const cells = [
    loss,
    runs,
    sums.named,
    (sums.covered / sums.named).toFixed(4),
    (sums.length / sums.fixed).toFixed(3),
    Math.round(sums.spent / runs),
  ];
  console.log(cells.map((cell) => String(cell).padEnd(8)).join(' '));
}

function one(
  losses: readonly number[],
  loss: number,
  sums: { named: number; covered: number; length: number; fixed: number; spent: number },
): void {
  let known = walks.map(() => ({ sent: 0, lost: 0 }));
  for (let spent = 0; spent < MOST_SPENT; ) {
    const wanted = nextRound(walks, decide(walks, known, components, TEST), TEST, 2000);
    if (wanted.every((count) => count === 0)) break;
    const more = counts(chance, walks, losses, wanted);
    known = known.map(({ sent, lost }, walk) => ({ sent: sent + more[walk]!.sent, lost: lost + more[walk]!.lost }));
    spent += wanted.reduce((sum, count) => sum + count, 0);
  }
  sums.spent += known.reduce((sum, { sent }) => sum + sent, 0);
  const options = { components, threshold: 0.01, confidence: 0.95 };
  const stopped = explain(walks, known, options).explanations;
  const found = stopped[0]!.faults.find(({ component }) => component === fault);
  if (stopped.length !== 1 || found === undefined) return;
  const settled = explain(walks, known, { ...options, fixed: true }).explanations[0]!.faults.find(({ component }) => component === fault)!;
  sums.named += 1;
  sums.covered += found.low <= loss && loss <= found.high ? 1 : 0;
  sums.length += found.high - found.low;
  sums.fixed += settled.high - settled.low;
}
