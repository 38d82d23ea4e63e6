/** A word that is nearly a command, where a host is expected: the default command would trace a typing error. */
import { editDistance } from '../topology/edit-distance.ts';

/** Which of the commands a word may have been meant to be, or null. Host names with a digit or a dot are never taken for one. */
export function nearMiss(word: string, commands: readonly string[]): string | null {
  if (!/^[a-z]{3,}$/i.test(word)) return null;
  return commands.find((command) => editDistance(word.toLowerCase(), command) <= 1) ?? null;
}
