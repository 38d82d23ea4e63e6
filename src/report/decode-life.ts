/** `--follow`: one probe's life, from its sending to what became of it. */
import { type PacketSlot, slotTimeNs } from '../capture/slot.ts';
import { lineOf } from './decode-line.ts';
import type { Sight } from './decode-sight.ts';
import { addressIn, ageText, hex, icmpWords } from './decode-words.ts';

export interface Life {
  /** A packet of the probe; its lines. */
  saw(slot: PacketSlot, sight: Sight): string[];
  /** What became of it in each run that has such a probe. */
  end(): string[];
}

export function createLife(sequence: number): Life {
  const runs = new Map<number, { sentNs: bigint | null; fate: string | null }>();

  function saw(slot: PacketSlot, sight: Sight): string[] {
    const lines: string[] = [];
    let life = runs.get(sight.run);
    if (life === undefined) {
      life = { sentNs: null, fate: null };
      runs.set(sight.run, life);
      lines.push(`Probe ${sequence} of run ${hex(sight.run, 8)}:`);
    }
    const timeNs = slotTimeNs(slot);
    const since = life.sentNs === null ? '' : `+${ageText(Number(timeNs - life.sentNs))}  `;
    if (sight.kind === 'sent') life.sentNs ??= timeNs;
    const fate = fateOf(slot.bytes, sight);
    if (fate !== null && (life.fate === null || sight.kind === 'landed')) {
      life.fate = `${fate}${Number.isNaN(sight.ageNs) ? '' : `, ${ageText(sight.ageNs)} after it was sent`}`;
    }
    return [...lines, `  ${since}${lineOf(slot, sight)}`];
  }

  function end(): string[] {
    if (runs.size === 0) return [`Probe ${sequence} does not occur in this recording.`];
    return [...runs].map(([run, { fate, sentNs }]) => {
      const who = runs.size === 1 ? 'It' : `That of run ${hex(run, 8)}`;
      if (fate !== null) return `${who} ${fate}.`;
      return sentNs === null ? `${who} was seen, but not where it was sent or answered.` : `${who} was never answered in this recording.`;
    });
  }

  return { saw, end };
}

/** As a clause; null where this packet settles nothing. */
function fateOf(bytes: Uint8Array, sight: Sight): string | null {
  const leg = sight.shape === null || sight.leg < 0 ? '' : ` on leg ${sight.leg + 1} of ${sight.shape.legs}`;
  if (sight.kind === 'landed') return 'landed at home';
  if (sight.kind !== 'answered') return null;
  const { outer } = sight;
  const at = outer.at[0]!;
  const isV6 = bytes[at]! >> 4 === 6;
  const from = addressIn(bytes, at + (isV6 ? 8 : 12), isV6);
  const [type, code] = [bytes[outer.bodyAt]!, bytes[outer.bodyAt + 1]!];
  return `was answered by ${from}${leg}: ${icmpWords(isV6, type, code)} (${type}/${code})`;
}
