/** When each event of a run was told: a recording notes it, and a replay gives its events the same times. */
import type { Message } from '../engine/recording/message.ts';
import type { Said } from './session.ts';

export interface Stamps {
  readonly stampNs: (said: Said) => bigint;
}

/** Which event of its kind it is. Of a position's tallies only the last is printed, so only that one is noted. */
const nameOf = (said: Said): string => {
  if (said.type === 'tally') return `tally ${said.part} ${said.position}`;
  if (said.type === 'hop') return `hop ${said.ttl}`;
  if (said.type === 'name') return `name ${said.address}`;
  if (said.type === 'problem') return `problem ${said.code}`;
  return said.type;
};

export function notingStamps(nowNs: () => bigint, startNs: bigint, note: (message: Message) => void): Stamps {
  const tallies = new Map<string, number>();
  return {
    stampNs(said) {
      const timeNs = nowNs();
      const atNs = Number(timeNs - startNs);
      if (said.type === 'tally') {
        tallies.set(nameOf(said), atNs);
        return timeNs;
      }
      for (const [event, at] of tallies) note({ kind: 'event', event, atNs: at });
      tallies.clear();
      note({ kind: 'event', event: nameOf(said), atNs });
      return timeNs;
    },
  };
}

type Noted = Extract<Message, { kind: 'event' }>;

/** An event that the run did not tell has the clock's own time. */
export function notedStamps(events: readonly Noted[], startNs: bigint, nowNs: () => bigint): Stamps {
  const waiting = new Map<string, number[]>();
  for (const { event, atNs } of events) waiting.set(event, [...(waiting.get(event) ?? []), atNs]);
  return {
    stampNs(said) {
      const all = waiting.get(nameOf(said));
      const atNs = said.type === 'tally' ? all?.at(-1) : all?.shift();
      return atNs === undefined ? nowNs() : startNs + BigInt(atNs);
    },
  };
}
