/** Which probe a short quote is about: `probe/quoted.ts` once more, over the probes that a recording has shown. */
import { nestedFamily, UDP_PROTOCOL } from '../wire/family.ts';
import { uint16 } from '../wire/fields.ts';
import type { Glance } from '../wire/glance.ts';
import { FATE, type Ledger } from './decode-ledger.ts';
import type { KnownRun, Runs } from './decode-runs.ts';
import { type Shape, type Shapes, wears } from './decode-shape.ts';
import type { Sight } from './decode-sight.ts';

export interface Quoted {
  /** Names the probe in the sight, where there is one. */
  byHalves(bytes: Uint8Array, quote: Glance, sight: Sight): 'one' | 'none' | 'ambiguous';
}

/** A quote that shows one half alone is looked up among no more of a run's latest probes than this. */
const MOST_CANDIDATES = 4096;

export function createQuoted(ledger: Ledger, shapes: Shapes, runs: Runs): Quoted {
  function byHalves(bytes: Uint8Array, quote: Glance, sight: Sight): 'one' | 'none' | 'ambiguous' {
    const outermost = quote.at[0]!;
    const first = isV4(bytes, outermost) ? uint16(bytes, outermost + 4) : null;
    const second = secondHalf(bytes, quote);
    if (first === null && second === null) return 'none';
    let count = 0;
    for (const run of runs.all()) {
      if (run.idKey === null) continue;
      for (const [sequence, parity] of candidates(run, run.idKey, first, second)) {
        const shape = shapeOf(run.number, sequence, first === null || second === null);
        const leg = shape === null ? -1 : shape.lengths.indexOf(quote.length[0]!);
        if (shape === null || leg < 0 || leg % 2 !== parity || !wears(shape, leg, bytes, outermost)) continue;
        if (count > 0) return clear(sight);
        count += 1;
        sight.run = run.number;
        sight.path = shape.path;
        sight.sequence = sequence;
        sight.shape = shape;
        sight.leg = Math.min(leg, shape.legs - 1);
      }
    }
    if (count === 0) return 'none';
    sight.grade = first !== null && second !== null ? 'quoted' : 'weak';
    return 'one';
  }

  /** One half alone says so little that only probes without an answer come into question. */
  const shapeOf = (run: number, sequence: number, isWeak: boolean): Shape | null => {
    const place = ledger.find(run, sequence);
    return place < 0 || (isWeak && ledger.fate(place) !== FATE.outstanding) ? null : (shapes.bySerial(ledger.shape(place)) ?? null);
  };

  return { byHalves };
}

const isV4 = (bytes: Uint8Array, at: number): boolean => bytes[at]! >> 4 === 4;

function clear(sight: Sight): 'ambiguous' {
  sight.run = -1;
  sight.path = -1;
  sight.sequence = -1;
  sight.shape = null;
  sight.leg = -1;
  return 'ambiguous';
}

/** Of the next header, or of the transport where there is none. */
function secondHalf(bytes: Uint8Array, quote: Glance): number | null {
  if (quote.count > 1) return isV4(bytes, quote.at[1]!) ? uint16(bytes, quote.at[1]! + 4) : null;
  const room = quote.end - quote.bodyAt;
  if (nestedFamily(quote.protocol) === 4) return room >= 6 ? uint16(bytes, quote.bodyAt + 4) : null; // a header cut after 8 bytes
  const carries = quote.protocol === UDP_PROTOCOL || quote.protocol === (isV4(bytes, quote.at[0]!) ? 1 : 58);
  return room >= 8 && carries ? uint16(bytes, quote.bodyAt + 6) : null;
}

/** Which half the first value was shows in the parity of the layer's index. */
type Candidate = readonly [sequence: number, parity: 0 | 1];

function* candidates(run: KnownRun, idKey: number, first: number | null, second: number | null): Generator<Candidate> {
  if (first !== null && second !== null) {
    yield [(((second << 16) | first) ^ idKey) >>> 0, 0];
    yield [(((first << 16) | second) ^ idKey) >>> 0, 1];
    return;
  }
  for (let sequence = run.newest; sequence >= 0 && sequence > run.newest - MOST_CANDIDATES; sequence -= 1) {
    const scattered = (sequence ^ idKey) >>> 0;
    const halves = [scattered & 0xffff, scattered >>> 16] as const;
    for (const parity of [0, 1] as const) {
      if ((first === null ? halves[1 - parity] : halves[parity]) === (first ?? second)) yield [sequence, parity];
    }
  }
}
