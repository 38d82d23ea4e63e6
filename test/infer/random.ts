/** Seeded chance, and walks' counts drawn from the model itself. */
import type { Walk, WalkCounts } from '../../src/infer/walk.ts';

/** Uniform on 0–1: xorshift of 32 bits (G. Marsaglia, 2003). */
export function chanceOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** How many of so many are lost, by the gaps between losses. */
export function drawn(chance: () => number, count: number, loss: number): number {
  if (loss <= 0) return 0;
  if (loss >= 1) return count;
  const gap = (): number => 1 + Math.floor(Math.log1p(-chance()) / Math.log1p(-loss));
  let lost = 0;
  for (let at = gap(); at <= count; at += gap()) lost += 1;
  return lost;
}

export function counts(chance: () => number, walks: readonly Walk[], losses: readonly number[], sent: readonly number[]): WalkCounts[] {
  return walks.map(({ crossings }, walk) => {
    const survival = crossings.reduce((product, component) => product * (1 - losses[component]!), 1);
    return { sent: sent[walk]!, lost: drawn(chance, sent[walk]!, 1 - survival) };
  });
}
