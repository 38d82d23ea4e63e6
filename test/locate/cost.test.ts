// limit: 300 s
/** What `locate` spends on a clean network, against a plan of fixed size with the same errors: so many packets over each of its walks. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { endsOf, vantageOf } from '../../src/topology/lookup.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { linksIn, located, opened, verdictIn } from './located.ts';
import { topologyOf } from './told.ts';

const [THRESHOLD, ACCEPTABLE, ERROR_QUANTILE] = [0.01, 1e-4, 3.0902]; // the normal distribution's 99.9 %
const SHARE = 0.6;

/** Of one link, by the normal approximation; FIELD's 1,168. */
const FIXED =
  ((ERROR_QUANTILE * (Math.sqrt(ACCEPTABLE * (1 - ACCEPTABLE)) + Math.sqrt(THRESHOLD * (1 - THRESHOLD)))) / (THRESHOLD - ACCEPTABLE)) ** 2;

test('the fixed size is the published one', () => assert.ok(Math.abs(FIXED - 1168) < 2, `${FIXED}`));

for (const name of ['line', 'diamond', 'demo', 'asymmetric', 'uplinks', 'ecmp4', 'clos'])
  test(`${name}: without a fault at most ${SHARE * 100} % of the packets of a fixed size are spent`, async () => {
    const events = await located(opened(topologyOf(name), 9), 4, { topology: name, threshold: THRESHOLD, confidence: 0.999 });
    assert.is(verdictIn(events).kind, 'clear');
    const share = sentIn(topologyOf(name), events) / (walksIn(events) * FIXED);
    console.log(`${name}: ${Math.round(share * 100)} %`);
    assert.ok(share <= SHARE, `${name}: ${share}`);
  });

const walksIn = (events: readonly Event[]): number => events.find((event) => event.type === 'plan')!.walks;

/** Each probe leaves by one of our links, and once. */
function sentIn(topology: Topology, events: readonly Event[]): number {
  const ours = new Set(endsOf(topology, vantageOf(topology).name).map(({ end }) => end.addresses[4]));
  const counts = linksIn(events).flatMap(({ from, forward, both }) => (ours.has(from) ? [(forward ?? both)!.probes] : []));
  return counts.reduce((sum, count) => sum + count, 0);
}

test.run();
