/** Lines for people, broken between words. */

/** A word that is longer than a line stands alone on one. `columns`: null is endless. */
export function wrapped(text: string, columns: number | null): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length === 0 || (columns !== null && longer.length > columns)) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
