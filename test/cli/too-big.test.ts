/** A link behind the first that takes less than the probes have: who tells, on which leg, and how much fits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { endOf, nameIn, of, probed } from '../truth/commands.ts';
import { networkOf } from '../truth/random-topology.ts';
import { watched } from '../truth/watched.ts';

const MTU = 1280;
const NETWORK = networkOf(
  `{name: mtu, nodes: {a: {vantage: true}, r1: {}, r2: {}, r3: {}, d: {}},
    links: [{between: [a, r1]}, {between: [r1, r2]}, {between: [r2, r3], mtu: ${MTU}}, {between: [r3, d]}]}`,
  'r1',
  1,
);
/** r2 forwards to r3 what the headers to r1 and r2 are gone from. */
const LEG = 3;
const STRIPPED = { 4: 2 * 20, 6: 2 * 40 } as const;

for (const family of [4, 6] as const)
  test(`IPv${family}: the router before a link of ${MTU} bytes tells its MTU on leg ${LEG}, and none is lost`, async () => {
    for (const over of [0, 1]) {
      const events = await probed(watched(NETWORK), family, { destination: 'd', size: MTU + STRIPPED[family] + over });
      const rows = of(events, 'tally').slice(-4);
      const kind = family === 4 ? 'icmp 3/4' : 'icmpv6 2/0';
      const hit = over === 1 ? { [kind]: 30 } : {};
      assert.equal(
        rows.map(({ lost, errors }) => [lost, errors]),
        [{}, {}, hit, hit].map((errors) => [0, errors]),
      );
      const told = of(events, 'problem').filter(({ code }) => code === 'TOO_BIG');
      assert.equal([told.length, endOf(events).exit], [over, over]);
      for (const { message } of told) {
        const [, hop, from, leg, mtu] =
          /^Probes from hop (\d) on are too big: (\S+) tells on leg (\d) that the next hop takes (\d+) bytes/.exec(message)!;
        assert.equal([hop, nameIn(NETWORK.topology, from!), leg, mtu], ['3', 'r2', `${LEG}`, `${MTU}`]);
      }
    }
  });

test.run();
