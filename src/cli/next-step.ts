/** What to do after a command line that does not fit: which help to read, or that the command comes first. */
import type { Command } from 'commander';

/** The words of the command line that name a command: `lab fault`. Those of none are of the default command. */
export function commandWords(root: Command, argv: readonly string[]): string[] {
  const [word, ...rest] = argv;
  const found = root.commands.find((one) => one.name() === word);
  return found === undefined ? [] : [found.name(), ...commandWords(found, rest)];
}

export function nextStep(root: Command, argv: readonly string[]): string {
  const words = commandWords(root, argv);
  const late = words.length === 0 ? argv.find((word, index) => isCommand(root, word) && !isValue(root, argv[index - 1])) : undefined;
  if (late !== undefined) return `the command comes first (braceroute ${late} …)`;
  return `see braceroute help ${words.length === 0 ? 'trace' : words.join(' ')}`;
}

const isCommand = (root: Command, word: string): boolean => root.commands.some((one) => one.name() === word);

/** `demo` behind `--read` is no command. */
const isValue = (root: Command, before: string | undefined): boolean =>
  root.commands.some(({ options }) =>
    options.some(({ short, long, required }) => required && before !== undefined && [short, long].includes(before)),
  );
