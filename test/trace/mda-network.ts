/** Networks for the multipath search that need no packet: who stands where for a flow is computed. */
import { type Mapped, mda, type Sound } from '../../src/trace/mda.ts';
import type { Heard } from '../../src/trace/mda-record.ts';

/** Node 0 stands at ttl 1; the last one is the end. A node's next hops, each with its weight. */
export interface Model {
  readonly next: readonly (readonly { readonly to: number; readonly weight: number }[])[];
  /** Nodes that spread packets, not flows. */
  readonly perPacket?: ReadonlySet<number>;
  readonly silent?: ReadonlySet<number>;
}

export const even = (next: readonly (readonly number[])[], rest: Omit<Model, 'next'> = {}): Model => ({
  next: next.map((all) => all.map((to) => ({ to, weight: 1 }))),
  ...rest,
});

/** 32 well mixed bits of three numbers (murmur3's finalizer). */
function mixed(...words: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const word of words) {
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

export const addressOf = (node: number): string => `10.${node >> 16}.${(node >> 8) & 255}.${node & 255}`;
export const nodeOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) & 0xffffff;

export interface Searched {
  readonly mapped: Mapped;
  readonly probes: number;
  /** Every flow at every ttl as often as it was asked. */
  readonly asked: ReadonlyMap<string, number>;
}

export async function searched(model: Model, seed: number, risk: number, lastTtl = 30): Promise<Searched> {
  let probes = 0;
  const asked = new Map<string, number>();
  const standing = (flow: number, ttl: number): Heard => {
    let node = 0;
    for (let at = 1; at < ttl; at += 1) {
      const all = model.next[node]!;
      if (all.length === 0) break;
      const total = all.reduce((sum, { weight }) => sum + weight, 0);
      let place = (mixed(seed, node, model.perPacket?.has(node) ? -1 - probes : flow) / 2 ** 32) * total;
      node = all.find(({ weight }) => {
        place -= weight;
        return place < 0;
      })!.to;
    }
    if (model.silent?.has(node)) return { address: null, is: 'hop', error: null };
    return { address: addressOf(node), is: model.next[node]!.length === 0 ? 'end' : 'hop', error: null };
  };
  const sound: Sound = async (cells) =>
    cells.map(({ flow, ttl }) => {
      probes += 1;
      asked.set(`${flow} ${ttl}`, (asked.get(`${flow} ${ttl}`) ?? 0) + 1);
      return standing(flow, ttl);
    });
  const own: Heard[] = [];
  for (let ttl = 1; ttl <= lastTtl && own.at(-1)?.is !== 'end'; ttl += 1) own.push(standing(0, ttl));
  const mapped = await mda({
    risk,
    firstTtl: 1,
    lastTtl,
    own: own.slice(0, own.findLastIndex(({ address }) => address !== null) + 1),
    sound,
    group: async (addresses) => new Map(addresses.map((address, i) => [address, i])),
    isSlow: () => false,
    aborted: () => false,
  });
  return { mapped, probes, asked };
}

/** `from>to` for all that any flow was seen to take. */
export function edgesOf({ heard }: Mapped): Set<string> {
  const edges = new Set<string>();
  for (const [ttl, flows] of heard)
    for (const [flow, { address, is }] of flows) {
      const next = heard.get(ttl + 1)?.get(flow);
      if (is === 'hop' && address !== null && next?.address != null) edges.add(`${nodeOf(address)}>${nodeOf(next.address)}`);
    }
  return edges;
}

export const edgesIn = ({ next }: Model): Set<string> => new Set(next.flatMap((all, from) => all.map(({ to }) => `${from}>${to}`)));
