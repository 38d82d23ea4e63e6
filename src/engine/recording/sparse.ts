/** Columns of counts, most of them zeros, as few bytes: pairs of how many zeros stand before a count, and the count, each in groups of 7 bits, low ones first. */

export function packedCounts(counts: Float64Array): Uint8Array {
  const bytes: number[] = [];
  let zeros = 0;
  for (const count of counts) {
    if (count === 0) {
      zeros += 1;
      continue;
    }
    put(bytes, zeros);
    put(bytes, count);
    zeros = 0;
  }
  return Uint8Array.from(bytes);
}

/** A file may say anything: what lies past the end of the column is left out. */
export function unpackedCounts(bytes: Uint8Array, into: Float64Array): void {
  into.fill(0);
  let [at, byte] = [0, 0];
  const next = (): number => {
    let [value, weight] = [0, 1];
    for (let more = true; more && byte < bytes.length; weight *= GROUP) {
      const group = bytes[byte]!;
      byte += 1;
      value += (group & (GROUP - 1)) * weight;
      more = group >= GROUP;
    }
    return value;
  };
  while (byte < bytes.length) {
    at += next();
    const count = next();
    if (at < into.length) into[at] = count;
    at += 1;
  }
}

const GROUP = 0x80;

function put(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= GROUP; rest = Math.floor(rest / GROUP)) bytes.push((rest % GROUP) | GROUP);
  bytes.push(rest);
}
