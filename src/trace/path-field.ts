/** Which fields of a probe move the splits of a graph, and which of their values lead where: each field is changed alone. */
import type { Address } from '../wire/address.ts';
import { type Field, type FieldName, type FieldsAsked, fieldsOf, traceItinerary } from './field.ts';
import type { Cell } from './mda.ts';
import type { Heard } from './mda-record.ts';
import type { PathChoice, PathNode, PathSplit } from './path-graph.ts';

export interface Sweeping {
  /** Of these fields, and all else as in their flow. */
  readonly asked: FieldsAsked;
  /** The cells of a variant at some ttls. */
  readonly cells: (variant: Field['variants'][number], ttls: readonly number[]) => Cell[];
  /** As `Sound`. */
  readonly heard: (cells: readonly Cell[]) => Promise<readonly Heard[]>;
  /** Somebody answers once a second: no more than one round. */
  readonly isSlow: () => boolean;
}

/** Values of one round, and rounds: a split in four shows itself whole in 64 values but for once in ten million. */
const ROUND = 16;
const ROUNDS = 8;
/** A split that so many values reach and none moves is not moved by the field: two equal ways look so once in 128. */
const ENOUGH = 8;

export const VALUES: number = ROUND * ROUNDS + 1;

/** By their id. */
type Nodes = ReadonlyMap<number, PathNode>;

/** All flows come by it. */
const FIRST_TTL = 1;

type Moves = ReadonlyMap<PathSplit, ReadonlyMap<FieldName, ReadonlyMap<number, number | Address>>>;

/** The splits with what moves them. `values` are told only where the flow is the run's own. */
export async function steered(splits: readonly PathSplit[], nodes: Nodes, sweeping: Sweeping, own: boolean): Promise<PathSplit[]> {
  const movable = splits.filter(({ perPacket }) => !perPacket);
  const moves = new Map<PathSplit, Map<FieldName, Map<number, number | Address>>>(movable.map((split) => [split, new Map()]));
  if (movable.length > 0)
    for (const field of fieldsOf(sweeping.asked)) {
      for (const [split, found] of await sweep(field, movable, nodes, sweeping))
        if (found.size > 1) moves.get(split)!.set(field.name, found);
    }
  return splits.map((split) => withMoves(split, moves, own));
}

function withMoves(split: PathSplit, moves: Moves, own: boolean): PathSplit {
  const fields = moves.get(split);
  if (fields === undefined || fields.size === 0) return split;
  const [best] = [...fields].sort(([, a], [, b]) => b.size - a.size);
  const [field, values] = best!;
  const next = split.next.map((choice, at): PathChoice => {
    const value = values.get(at);
    return own && value !== undefined ? { ...choice, field, value } : choice;
  });
  return { ...split, next, movedBy: [...fields.keys()] };
}

interface Seen {
  reached: number;
  /** Index of the choice → a value that leads there. */
  readonly found: Map<number, number | Address>;
}

async function sweep(
  field: Field,
  splits: readonly PathSplit[],
  nodes: Nodes,
  { cells, heard, isSlow, asked }: Sweeping,
): Promise<Map<PathSplit, Map<number, number | Address>>> {
  const seen = new Map<PathSplit, Seen>(splits.map((split) => [split, { reached: 0, found: new Map() }]));
  const look = async (variants: Field['variants'], open: readonly PathSplit[]): Promise<void> => {
    const ttls = [...new Set(open.flatMap(({ ttl }) => (ttl === FIRST_TTL ? [ttl + 1] : [ttl, ttl + 1])))];
    const answers = await heard(variants.flatMap((variant) => cells(variant, ttls)));
    for (const [i, { value }] of variants.entries()) {
      const at = new Map(ttls.map((ttl, j) => [ttl, answers[i * ttls.length + j]!]));
      for (const split of open) note(seen.get(split)!, split, nodes, at, value);
    }
  };
  const itself = { value: field.own, itinerary: traceItinerary(asked) };
  await look([itself], splits);
  for (let round = 0; round < ROUNDS; round += 1) {
    const open = splits.filter((split) => isOpen(seen.get(split)!, split, round));
    const variants = field.variants.slice(round * ROUND, (round + 1) * ROUND);
    if (open.length === 0 || variants.length === 0 || (round > 0 && isSlow())) break;
    await look(variants, open);
  }
  return new Map([...seen].map(([split, { found }]) => [split, found]));
}

function isOpen({ reached, found }: Seen, { next }: PathSplit, round: number): boolean {
  if (found.size > 1) return found.size < next.filter(({ address }) => address !== null).length; // silence is not found by a value
  return reached === 0 ? round < 2 : reached < ENOUGH;
}

function note(seen: Seen, split: PathSplit, nodes: Nodes, at: ReadonlyMap<number, Heard>, value: number | Address): void {
  const [here, there] = [at.get(split.ttl), at.get(split.ttl + 1)!];
  if ((here !== undefined && !isOf(nodes.get(split.from)!, here)) || there.address === null) return;
  const exact = split.next.findIndex(({ address }) => address === there.address);
  const index = exact >= 0 ? exact : split.next.findIndex(({ to }) => isOf(nodes.get(to)!, there));
  if (index < 0) return;
  seen.reached += 1;
  if (!seen.found.has(index)) seen.found.set(index, value);
}

const isOf = ({ is, addresses }: PathNode, { address, is: what }: Heard): boolean =>
  what === 'end' ? is === 'end' : address !== null && addresses.includes(address);
