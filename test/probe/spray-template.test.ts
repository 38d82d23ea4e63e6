/** A spray's packets are those that `craft` builds, byte for byte, whatever a flow changes in them. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SPRAY_WORDS } from '../../src/engine/spray.ts';
import { patched } from '../../src/engine/spray-patch.ts';
import { compile, craft } from '../../src/probe/craft.ts';
import { headersLength, type Itinerary } from '../../src/probe/itinerary.ts';
import { isSendable, type Run } from '../../src/probe/run.ts';
import { layerAt, sprayTemplate } from '../../src/probe/spray-template.ts';
import { type Address, addressBytes, familyOf } from '../../src/wire/address.ts';
import { FAMILIES } from '../../src/wire/family.ts';
import { uint16 } from '../../src/wire/fields.ts';
import { toHex } from '../wire/known.ts';
import { A4, itineraries, itinerary, R4, R6, runFrom, runs } from './plans.ts';

const sequences = fc.integer({ min: 0, max: 0xffff_ffff });
const sendable = fc.tuple(runs, sequences).filter(([run, sequence]) => isSendable(run, sequence));

/** The packet by way of a template whose words at these places are swept, with the values that stand there in `wanted`. */
function sprayed(plan: Itinerary, places: readonly (number | null)[], wanted: Itinerary, run: Run, sequence: number): Uint8Array {
  const packet = compile(wanted).bytes;
  const values = new Uint16Array(2 * SPRAY_WORDS).fill(0xdead);
  for (const [k, at] of places.entries()) if (at !== null) values[SPRAY_WORDS + k] = uint16(packet, at);
  return patched(sprayTemplate(plan, run, places), { run, tag: 'full', values }, 77, 1, sequence, 1_700_000_000_123_456_789n);
}

const assertCrafted = (bytes: Uint8Array, wanted: Itinerary, run: Run, sequence: number): void =>
  assert.is(toHex(bytes), toHex(craft(compile(wanted), run, 77, sequence, 1_700_000_000_123_456_789n)));

const portAt = ({ layers, flow }: Itinerary): number => headersLength(layers) + (flow.transport === 'udp' ? 0 : 4);

test('a template without swept words makes the packets that craft makes', () => {
  fc.assert(
    fc.property(itineraries, sendable, (plan, [run, sequence]) => {
      assertCrafted(sprayed(plan, [], plan, run, sequence), plan, run, sequence);
    }),
  );
});

test('a swept source port, or echo identifier, gives what craft makes of that port', () => {
  fc.assert(
    fc.property(itineraries, sendable, fc.integer({ min: 1, max: 65_535 }), (plan, [run, sequence], sourcePort) => {
      const wanted = { ...plan, flow: { ...plan.flow, sourcePort } };
      assertCrafted(sprayed(plan, [null, portAt(plan)], wanted, run, sequence), wanted, run, sequence);
    }),
  );
});

/** Words of one address of a header. */
const addressPlaces = (plan: Itinerary, layer: number, field: 'source' | 'destination'): number[] => {
  const family = FAMILIES[familyOf(plan.layers[layer]!.destination)];
  return Array.from({ length: family.addressLength / 2 }, (_, word) => layerAt(plan, layer) + family.at[field] + 2 * word);
};

test('a swept address of any header gives what craft makes of that address, the innermost among them', () => {
  const someAddress: Readonly<Record<4 | 6, Address>> = { 4: '10.77.200.3', 6: 'fd77::200:3' };
  fc.assert(
    fc.property(
      itineraries,
      sendable,
      fc.nat(),
      fc.constantFrom('source' as const, 'destination' as const),
      (plan, [run, sequence], which, field) => {
        const index = which % plan.layers.length;
        const address = someAddress[familyOf(plan.layers[index]!.destination)];
        const layers = plan.layers.map((layer, at) => (at === index ? { ...layer, [field]: address } : layer));
        const wanted = { ...plan, layers };
        assertCrafted(sprayed(plan, addressPlaces(plan, index, field), wanted, run, sequence), wanted, run, sequence);
      },
    ),
  );
});

test('swept flow labels stand in every IPv6 header, and nothing else moves', () => {
  const six = fc.constantFrom(itinerary(R6), itinerary([...R6, '2001:db8::1']), itinerary([R4[0], R6[1], R4[1], A4]));
  fc.assert(
    fc.property(six, sendable, fc.integer({ min: 1, max: 0xffff }), (plan, [run, sequence], flowLabel) => {
      const places = plan.layers.flatMap(({ destination }, index) => (familyOf(destination) === 6 ? [layerAt(plan, index) + 2] : []));
      const wanted = { ...plan, flow: { ...plan.flow, flowLabel } };
      assertCrafted(sprayed(plan, places, wanted, run, sequence), wanted, run, sequence);
    }),
  );
});

test('without a tag zeros stand in its place, and the checksum is right all the same', () => {
  const run = runFrom(3);
  const plan = itinerary([...R4, A4]);
  const values = new Uint16Array(SPRAY_WORDS);
  const template = sprayTemplate(plan, run, []);
  const tagOf = (bytes: Uint8Array): string => toHex(bytes.subarray(template.identityAt + 20, template.identityAt + 28));
  for (const [tag, sequence, tagged] of [
    ['none', 64, false],
    ['sampled', 64, true],
    ['sampled', 65, false],
    ['full', 65, true],
  ] as const) {
    const bytes = patched(template, { run, tag, values }, 0, 0, sequence, 5n);
    assert.is(tagOf(bytes) !== '0000000000000000', tagged, `${tag} ${sequence}`);
    assert.ok(isSumRight(bytes, plan), `${tag} ${sequence}`);
  }
});

/** By hand (RFC 768): pseudo-header, UDP header and payload of the innermost IPv4 packet sum to all ones. */
function isSumRight(bytes: Uint8Array, { layers }: Itinerary): boolean {
  const at = headersLength(layers);
  const last = layers.at(-1)!;
  const words = [...addressBytes(last.source), ...addressBytes(last.destination), 0, 17, 0, bytes.length - at, ...bytes.subarray(at)];
  let sum = 0;
  for (let i = 0; i < words.length; i += 2) sum += words[i]! * 256 + words[i + 1]!;
  return sum % 0xffff === 0;
}

test('more words than a flow has, odd offsets and too many headers are refused', () => {
  const run = runFrom(1);
  assert.throws(
    () =>
      sprayTemplate(
        itinerary(R4),
        run,
        Array.from({ length: 9 }, () => 2),
      ),
    /up to 8 words/,
  );
  assert.throws(() => sprayTemplate(itinerary(R4), run, [3]), /cannot stand at 3/);
  assert.throws(() => sprayTemplate(itinerary(Array.from({ length: 73 }, () => R4[0])), run, []), /up to 72 IPv4 headers, this one 73/);
});

test.run();
