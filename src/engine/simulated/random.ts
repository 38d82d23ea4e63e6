/** Chance with a seed: the same seed, the same run. */

export interface Random {
  /** At least 0, below 1. */
  fraction(): number;
  /** 0 to 2^32 − 1. */
  word(): number;
}

/** sfc32 (Chris Doty-Humphrey, PractRand), its first twelve words thrown away as its author wants. */
export function random(seed: number): Random {
  let [a, b, c, count] = [seed | 0, 0x9e3779b9 | 0, 0xbeac0a1f | 0, 1];
  const word = (): number => {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i += 1) word();
  return { word, fraction: () => word() / 0x1_0000_0000 };
}
