/** The judge of the passes over labs: what a verdict may leave unknown beside the one fault that there is. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event } from '../../src/report/event.ts';
import { assertNamed, everyDirection } from './located.ts';
import { topologyOf } from './told.ts';

const demo = topologyOf('demo');
const loopbackOf = (router: string): string => demo.nodes.find(({ name }) => name === router)!.loopback[4];

/** One per cent of a link in its first direction, named rightly; the router of this name is told as hidden. What the judge objects to. */
function judged(id: string, router: string): string {
  const wrong = everyDirection(demo, 0.01).find(({ link }) => link.id === id)!;
  const [from, to] = [wrong.link.ends[0].addresses[4], wrong.link.ends[1].addresses[4]];
  const direction = id === 'a-r1' ? 'not-identifiable' : 'from-to';
  const suspects = [{ from, to, direction, loss: 0.01, low: 0.008, high: 0.012, probes: 10_000 }];
  const unknown = [
    { links: [{ from: loopbackOf(router), to: null }], why: `what ${id} loses hides how much they lose`, wouldSettle: `${id} mended` },
  ];
  try {
    assertNamed(demo, 4, wrong, [{ v: 1, type: 'verdict', kind: 'suspect', suspects, unknown } as unknown as Event]);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('a router is hidden by the only link that we have, over which every probe to it goes', () => {
  assert.is(judged('a-r1', 'r1'), '');
});

test('a router that a probe comes to by another link is hidden by none', () => {
  assert.match(judged('r1-r2', 'r4'), new RegExp(`^${loopbackOf('r4')} hidden: `));
});

test.run();
