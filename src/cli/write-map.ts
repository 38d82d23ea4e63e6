/** `--write-map`: what a scan found out, as a file that `--map` takes. */
import { writeFile } from 'node:fs/promises';
import type { Card } from '../boomerang/scan.ts';
import { BeaconError } from '../error.ts';
import type { MappedNode } from '../topology/hop-map.ts';
import { hopMapText } from '../topology/hop-map-text.ts';
import { type Address, familyOf } from '../wire/address.ts';

export interface NamedCard {
  readonly card: Card;
  readonly name: string | null;
}

/** Throws BeaconError ERR_FILE. */
export async function writeMap(file: string, cards: readonly NamedCard[]): Promise<void> {
  try {
    await writeFile(file, hopMapText(cards.map(nodeOf)));
  } catch (cause) {
    throw new BeaconError('ERR_FILE', `Cannot write the map to ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Words that a map does not take as a name are left out. */
const NAME = /^[\p{L}\p{N}_.:/@+-]{1,64}$/u;

export function nodeOf({ card, name }: NamedCard): MappedNode {
  return { hop: card.addresses, decapsulates: decapsulationsOf(card), name: name !== null && NAME.test(name) ? name : null, role: null };
}

/** An address of each family where it strips, its own family if any; `none` where all said that they do not; null: not known. */
function decapsulationsOf({ nested }: Card): readonly Address[] | 'none' | null {
  const stripping = nested.filter(({ fact }) => fact.value === true);
  const best = ([4, 6] as const).flatMap((family) => {
    const here = stripping.filter(({ address }) => familyOf(address) === family);
    const own = here.find(({ nesting }) => nesting === `${family}in${family}`) ?? here[0];
    return own === undefined ? [] : [own.address];
  });
  if (best.length > 0) return best;
  return nested.every(({ fact }) => fact.value === false) ? 'none' : null;
}
