/** What the sequential test has decided the interval says too. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { endsOf, stoppedInterval } from '../../src/infer/sequential.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { parseTopology } from '../../src/topology/parse.ts';
import { linksIn, located, opened, verdictIn } from './located.ts';

/** Wald's sum for a link of which `lost` probes were lost: the least number of probes at which it is found good. */
function enough(lost: number, p: number, q: number, end: number): number {
  const gain = -Math.log((1 - q) / (1 - p));
  return lost + Math.ceil((lost * Math.log(q / p) - end) / gain);
}

test('a link found good with errors a tenth of the interval’s has its interval below the threshold', () => {
  for (const confidence of [0.95, 0.99])
    for (const threshold of [0.1, 0.01, 0.003, 0.001])
      for (let lost = 0; lost <= 20; lost += 1) {
        const [acceptable, error] = [Math.min(1e-4, threshold / 10), (1 - confidence) / 10];
        const { good } = endsOf({ acceptable, unacceptable: threshold, alpha: error, beta: error });
        const sent = enough(lost, acceptable, threshold, good);
        const { high } = stoppedInterval(lost, sent, confidence)!;
        assert.ok(high <= threshold, `${lost} of ${sent} at ${confidence}: up to ${high}, and ${threshold} is asked for`);
      }
});

const demo = parseTopology(readFileSync('fixtures/topologies/demo.yaml', 'utf8'), 'demo');

for (const [threshold, confidence] of [
  [0.003, 0.99],
  [0.01, 0.999],
] as const)
  test(`threshold ${threshold}, confidence ${confidence}: no link is called clear whose interval reaches beyond the threshold`, async () => {
    for (const background of [0, 1e-4]) {
      const network = opened(demo, 11);
      for (const { id } of demo.links) network.engine.fault(id, null, { ...NO_FAULT, loss: background });
      const events = await located(network, 4, { topology: 'demo', threshold, confidence });
      assert.is(verdictIn(events).kind, 'clear');
      for (const { forward, backward, both } of linksIn(events))
        for (const one of [forward, backward, both])
          assert.ok(one === null || (one.state === 'clear' && one.high! <= threshold), JSON.stringify(one));
    }
  });

test.run();
