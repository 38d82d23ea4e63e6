/** Grades on the quotes that routers send: 28 bytes (RFC 792), 128 (RFC 4884), 548 (RFC 1812) and 1,232 (RFC 4443), built by scapy. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { craft } from '../../src/probe/craft.ts';
import type { Itinerary } from '../../src/probe/itinerary.ts';
import { match } from '../../src/probe/match.ts';
import { createPending } from '../../src/probe/pending.ts';
import { type Address, familyOf } from '../../src/wire/address.ts';
import { skip } from '../skip.ts';
import { A4, A6, asked, itinerary, ourAddress, R4, R6, raw, runFrom, unwrapped } from './plans.ts';

const RUN = runFrom(5);
const SEQUENCE = 17;
const SIZES = [28, 128, 548, 1232];

interface Case {
  readonly title: string;
  readonly plan: Itinerary;
  readonly leg: number;
  readonly bytes: number;
  readonly extended: boolean;
}

/** A boomerang over so many hops of a family, and the plain trace. */
const overHops = (routers: readonly Address[], us: Address, hops: number): Itinerary => {
  const out = Array.from({ length: hops }, (_, i) => routers[i % routers.length]!);
  return itinerary(hops === 0 ? [routers[0]!] : [...out, ...out.slice(0, -1).reverse(), us, us]);
};

const CASES: readonly Case[] = [0, 1, 3, 6, 13].flatMap((hops) =>
  ([4, 6] as const).flatMap((family) => {
    const plan = family === 4 ? overHops(R4, A4, hops) : overHops(R6, A6, hops);
    const legs = [...new Set([0, Math.floor(plan.layers.length / 2), plan.layers.length - 1])];
    return legs.flatMap((leg) =>
      SIZES.filter((bytes) => family === 4 || bytes !== 28).flatMap((bytes) =>
        [false, true].map((extended): Case => {
          const title = `IPv${family}, ${plan.layers.length} headers, leg ${leg + 1}, ${bytes} bytes${extended ? ' and an MPLS label' : ''}`;
          return { title, plan, leg, bytes, extended };
        }),
      ),
    );
  }),
);

/** Where the payload's identity ends in what is left of the probe on that leg: 20 or 40 a header, 8 of UDP, 28 up to the end of the tag. */
const tagEnds = ({ plan, leg }: Case): number =>
  plan.layers.slice(leg).reduce((sum, { destination }) => sum + (familyOf(destination) === 4 ? 20 : 40), 8 + 28);

const reason = scapyMissing();
const title = 'each size of quote gets the grade that the bytes in it allow, and the right leg, with extensions and without';
if (reason) skip(title, reason);
else test(title, gradesFit);

async function gradesFit(): Promise<void> {
  const pendings = await Promise.all(
    CASES.map(async ({ plan }) => {
      const pending = createPending();
      const question = await asked(plan);
      for (let sequence = 0; sequence < 100; sequence += 1) pending.add(sequence, question, 0);
      return { pending, question };
    }),
  );
  const answers = answersTo(CASES.map((one, i) => ({ one, probe: craft(pendings[i]!.question.template, RUN, 0, SEQUENCE, 1n) })));
  CASES.forEach((one, i) => {
    const sighting = match(raw(answers[i]!), RUN, pendings[i]!.pending);
    const whole = one.bytes >= tagEnds(one) + 8; // and the time sent, which is of the payload too
    const isIpv4 = familyOf(one.plan.layers[one.leg]!.destination) === 4;
    if (sighting.kind === 'answer') {
      assert.is(sighting.sequence, SEQUENCE, one.title);
      assert.is(sighting.answer.leg, one.leg, one.title);
      assert.is(sighting.answer.grade, whole ? 'proven' : 'quoted', one.title);
    } else {
      assert.not.ok(isIpv4 || whole, `${one.title}: ${sighting.kind}`); // IPv6 headers have no ID: what ends before the payload tells nothing
      assert.ok(sighting.kind === 'ambiguous' || sighting.kind === 'foreign', one.title);
    }
  });
}

function scapyMissing(): string | null {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import scapy'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'scapy is missing: apt-get install python3-scapy';
  }
}

function answersTo(asks: readonly { one: Case; probe: Uint8Array }[]): Uint8Array[] {
  const input = asks.map(({ one, probe }) => {
    const router = one.plan.layers[one.leg]!.destination;
    const family = familyOf(router);
    const from = family === 4 ? R4[2] : R6[2];
    const left = unwrapped(probe, one.plan, one.leg, 1);
    return { probe: Buffer.from(left).toString('hex'), bytes: one.bytes, extended: one.extended, family, from, to: ourAddress(router) };
  });
  const script = fileURLToPath(new URL('quoting.py', import.meta.url));
  const told = execFileSync('/usr/bin/python3', [script], { input: JSON.stringify(input), encoding: 'utf8', maxBuffer: 1 << 26 });
  return (JSON.parse(told) as string[]).map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));
}

test.run();
