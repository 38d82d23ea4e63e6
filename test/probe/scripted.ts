/** An engine whose network is a function, on a clock that moves only while it is waited on. */
import type { Engine, Route } from '../../src/engine/engine.ts';
import { LINK_TYPE } from '../../src/wire/link.ts';
import { routing } from './plans.ts';

/** What comes back of a sent packet. */
export interface Reply {
  readonly bytes: Uint8Array;
  /** From when it was sent to the stamp of the reply. */
  readonly afterNs: number;
  /** How long after its stamp it is handed out; 0 where that is not said. */
  readonly handedNs?: number;
}

export interface Sent {
  readonly bytes: Uint8Array;
  readonly route: Route;
  /** Nanoseconds since the engine opened. */
  readonly timeNs: number;
  /** How many were sent before. */
  readonly index: number;
}

export interface Script {
  readonly replies: (sent: Sent) => readonly Reply[];
  /** How many packets of one `send` it takes. */
  readonly takes?: (nowNs: number) => number;
  readonly drops?: (nowNs: number) => number;
}

export interface Scripted extends Engine {
  readonly sent: readonly Sent[];
  readonly sinceNs: () => number;
}

const BEGAN_NS = 1_700_000_000_000_000_000n;

export function scripted({ replies, takes = () => Number.POSITIVE_INFINITY, drops = () => 0 }: Script): Scripted {
  let nowNs = 0;
  const sent: Sent[] = [];
  let waiting: { bytes: Uint8Array; stampNs: number; handedNs: number }[] = [];

  function send(route: Route, packets: readonly Uint8Array[]): number {
    const taken = Math.min(packets.length, takes(nowNs));
    for (const bytes of packets.slice(0, taken)) {
      const one = { bytes, route, timeNs: nowNs, index: sent.length };
      sent.push(one);
      for (const reply of replies(one)) {
        const stampNs = nowNs + reply.afterNs;
        waiting.push({ bytes: reply.bytes, stampNs, handedNs: stampNs + (reply.handedNs ?? 0) });
      }
    }
    return taken;
  }

  /** A packet that is stamped before `untilNs` is handed out even where that makes us late, as the contract of Engine wants it. */
  async function receive(until: bigint): Promise<{ bytes: Uint8Array; linkType: number; timeNs: bigint }[]> {
    const untilNs = Number(until - BEGAN_NS);
    const owed = waiting.filter(({ stampNs }) => stampNs <= untilNs).map(({ handedNs }) => handedNs);
    const latestNs = owed.length === 0 ? untilNs : Math.max(untilNs, Math.min(...owed));
    nowNs = Math.max(nowNs, Math.min(latestNs, ...waiting.map(({ handedNs }) => handedNs)));
    const ready = waiting.filter(({ handedNs }) => handedNs <= nowNs);
    waiting = waiting.filter((one) => !ready.includes(one));
    ready.sort((a, b) => a.stampNs - b.stampNs);
    return ready.map(({ bytes, stampNs }) => ({ bytes, linkType: LINK_TYPE.raw, timeNs: BEGAN_NS + BigInt(stampNs) }));
  }

  return {
    ...routing(),
    name: 'simulated',
    can: { realTime: false, countDrops: true },
    nowNs: () => BEGAN_NS + BigInt(nowNs),
    send,
    receive,
    drops: () => drops(nowNs),
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
    sent,
    sinceNs: () => nowNs,
  };
}
