/** A word that is nearly a command, where a host is expected: the default command would trace a typing error. */

/** Commands that take the place of a host name. */
export const COMMANDS = ['trace', 'probe', 'spray', 'lab', 'demo', 'doctor', 'help'] as const;

/** The command that a word may have been meant to be, or null. Host names with a digit or a dot are never taken for one. */
export function nearMiss(word: string): string | null {
  if (!/^[a-z]{3,}$/i.test(word)) return null;
  return COMMANDS.find((command) => distance(word.toLowerCase(), command) <= (command.length > 4 ? 2 : 1)) ?? null;
}

/** The least number of letters to insert, delete, replace or swap with their neighbour (Damerau–Levenshtein, adjacent swaps). */
function distance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)),
  );
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : replaced;
      rows[i]![j] = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, replaced, swapped);
    }
  }
  return rows[a.length]![b.length]!;
}
