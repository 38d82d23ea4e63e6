/** Names for what is reported: probing never waits for them, and a line no longer than this. */
import type { Names } from '../host/names.ts';
import type { HopMap } from '../topology/hop-map.ts';
import type { Address } from '../wire/address.ts';
import type { Said } from './session.ts';

const LINE_WAITS_MS = 300;

export interface Namer {
  /** The name, or null where it is not known in time. */
  soon(address: Address | null): Promise<string | null>;
  /** Names that came too late for their line. */
  late(): Said[];
}

export function createNamer(names: Names, numeric: boolean): Namer {
  const missed = new Map<Address, string | null>();
  return {
    async soon(address) {
      if (numeric || address === null) return null;
      const asked = names.name(address);
      const name = await Promise.race([asked, (names.patience ?? after)(LINE_WAITS_MS)]);
      if (name !== undefined) return name;
      missed.set(address, null);
      void asked.then((late) => missed.set(address, late));
      return null;
    },
    late: () => [...missed].flatMap(([address, name]) => (name === null ? [] : [{ type: 'name', address, name } as const])),
  };
}

/** What a map calls a node goes before other names of its addresses. */
export const mappedNames = (names: Names, map: HopMap): Names => ({
  ...names,
  name: async (address) => map.get(address)?.name ?? names.name(address),
});

const after = (delayMs: number): Promise<undefined> => new Promise((resolve) => void setTimeout(() => resolve(undefined), delayMs).unref());
