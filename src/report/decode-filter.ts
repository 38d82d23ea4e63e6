/** `--filter`: our own comparisons and pcap expressions, joined with and, or, not and brackets. */
import type { PacketSlot } from '../capture/slot.ts';
import { BeaconError } from '../error.ts';
import { isReturn } from './decode-line.ts';
import { SIGHT_GRADES, SIGHT_KINDS, type Sight } from './decode-sight.ts';

export type Filter = (slot: PacketSlot, sight: Sight) => boolean;

export interface ParsedFilter {
  readonly accepts: Filter;
  /** It asks what became of a probe, which only the whole recording tells. */
  readonly looksAhead: boolean;
}

export interface FilterWorld {
  /** A pcap expression as a question to packets. Throws ExpressionError with what the compiler says. */
  readonly pcap: (expression: string) => (slot: PacketSlot) => boolean;
  /** No answer to this probe stands in the recording. */
  readonly isLost: (run: number, sequence: number) => boolean;
}

/** A mistake in an expression of somebody else's language. */
export class ExpressionError extends BeaconError {
  /** Within the expression, from 1. */
  readonly column: number;

  constructor(message: string, column: number) {
    super('ERR_USAGE', message);
    this.column = column;
  }
}

/** The text, and a mark below it. */
export const markedBelow = (text: string, column: number): string => `  ${text}\n  ${' '.repeat(column - 1)}^`;

interface Token {
  readonly text: string;
  /** Column from 1. */
  readonly column: number;
}

const KINDS: ReadonlySet<string> = new Set(SIGHT_KINDS);
const GRADES: ReadonlySet<string> = new Set(SIGHT_GRADES);

/** NaN: this packet has none, and no comparison holds. */
const NUMBERS: Readonly<Record<string, (sight: Sight) => number>> = {
  probe: ({ sequence }) => (sequence < 0 ? Number.NaN : sequence),
  path: ({ sequence, path }) => (sequence < 0 ? Number.NaN : path),
  run: ({ run }) => (run < 0 ? Number.NaN : run),
  hop: ({ shape }) => shape?.hop ?? Number.NaN,
  leg: ({ leg }) => (leg < 0 ? Number.NaN : leg + 1),
  age: ({ ageNs }) => ageNs / 1e6,
  number: ({ number }) => number,
};

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => !Number.isNaN(a) && a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

const OURS = /^(probe|path|run|hop|leg|age|number|kind|grade)(==|!=|<=|>=|<|>|=)(.*)$/;
/** `number` and the like are nothing of pcap's; `hop == 3` may be written with spaces. */
const SPACED = /\b(probe|path|run|hop|leg|age|number|kind|grade)\s*(==|!=|<=|>=|<|>)\s*/g;

/** Throws BeaconError ERR_USAGE; its message names the column of a mistake. */
export function parseFilter(text: string, world: FilterWorld): ParsedFilter {
  const tokens = tokensOf(text);
  let at = 0;
  let looksAhead = false;

  const peek = (): string => tokens[at]?.text ?? '';
  const fail = (what: string, token: Token | undefined = tokens[at]): never => {
    const column = token?.column ?? text.length + 1;
    throw new BeaconError('ERR_USAGE', `--filter, column ${column}: ${what}\n${markedBelow(text, column)}`);
  };

  function either(): Filter {
    const terms = [both()];
    while (isWord('or', '||')) terms.push(both());
    return terms.length === 1 ? terms[0]! : (slot, sight) => terms.some((term) => term(slot, sight));
  }

  function both(): Filter {
    const terms = [negated()];
    while (isWord('and', '&&')) terms.push(negated());
    return terms.length === 1 ? terms[0]! : (slot, sight) => terms.every((term) => term(slot, sight));
  }

  function isWord(...words: readonly string[]): boolean {
    if (!words.includes(peek())) return false;
    at += 1;
    return true;
  }

  function negated(): Filter {
    if (isWord('not', '!')) {
      const inner = negated();
      return (slot, sight) => !inner(slot, sight);
    }
    const open = tokens[at];
    if (isWord('(')) {
      const inner = either();
      if (!isWord(')')) fail('this bracket is not closed', open);
      return inner;
    }
    return term();
  }

  function term(): Filter {
    const token = tokens[at];
    if (token === undefined || [')', 'and', 'or', '&&', '||'].includes(token.text)) return fail('an expression is missing here');
    const ours = OURS.exec(token.text);
    if (ours === null) return pcapTerm();
    at += 1;
    return comparison(ours[1]!, ours[2]!, ours[3]!, token);
  }

  function comparison(name: string, operator: string, value: string, token: Token): Filter {
    const valueAt = { text: value, column: token.column + name.length + operator.length };
    if (operator === '=') return fail('write == to compare', { text: '=', column: token.column + name.length });
    if (value === '') return fail(`${name}${operator} needs a value`, valueAt);
    if (name === 'kind' || name === 'grade' || (name === 'leg' && /^[a-z]/.test(value))) return word(name, operator, value, valueAt);
    const number = Number(value);
    if (!/^(\d+(\.\d+)?|0x[0-9a-f]+)$/i.test(value)) return fail(`${name} is a number, not "${value}"`, valueAt);
    const [read, compare] = [NUMBERS[name]!, COMPARE[operator]!];
    return (_, sight) => compare(read(sight), number);
  }

  function word(name: string, operator: string, value: string, valueAt: Token): Filter {
    if (operator !== '==' && operator !== '!=') return fail(`${name} is compared with == or !=`, valueAt);
    const test = wordTest(name, value, valueAt);
    return operator === '==' ? test : (slot, sight) => !test(slot, sight);
  }

  function wordTest(name: string, value: string, valueAt: Token): Filter {
    if (name === 'leg') {
      if (value !== 'return' && value !== 'forward') return fail('a leg is a number, forward or return', valueAt);
      return (_, sight) => sight.shape !== null && sight.leg >= 0 && isReturn(sight) === (value === 'return');
    }
    if (name === 'grade') {
      if (!GRADES.has(value)) return fail(`a grade is one of ${[...GRADES].join(', ')}`, valueAt);
      return (_, sight) => sight.grade === value;
    }
    if (value === 'lost') {
      looksAhead = true;
      return (_, sight) => sight.kind === 'sent' && world.isLost(sight.run, sight.sequence);
    }
    if (!KINDS.has(value)) return fail(`a kind is one of ${[...KINDS].join(', ')}, lost`, valueAt);
    return (_, sight) => sight.kind === value;
  }

  /** Words up to the next of ours are one expression of pcap's. */
  function pcapTerm(): Filter {
    const first = tokens[at]!;
    let last = first;
    while (at < tokens.length && !['and', 'or', '&&', '||', '(', ')', 'not', '!'].includes(peek()) && !OURS.test(peek())) {
      last = tokens[at]!;
      at += 1;
    }
    return compiled(text.slice(first.column - 1, last.column - 1 + last.text.length), first.column);
  }

  function compiled(expression: string, column: number): Filter {
    try {
      return world.pcap(expression);
    } catch (error) {
      if (error instanceof ExpressionError) return fail(error.message, { text: '', column: column + error.column - 1 });
      throw error;
    }
  }

  if (tokens.length === 0) fail('the filter is empty');
  // Without a word of ours all of it is pcap's, whose short forms (`host a or b`) are not taken apart.
  if (!tokens.some(({ text: one }) => OURS.test(one))) return { accepts: compiled(text, 1), looksAhead };
  const accepts = either();
  if (at < tokens.length) fail(`"${peek()}" is not expected here`);
  return { accepts, looksAhead };
}

/** Words, brackets and `!`, each with its column; a comparison with spaces in it is one word. */
function tokensOf(text: string): Token[] {
  const joined = text.replaceAll(SPACED, (whole, name: string, operator: string) => {
    const value = `${name}${operator}`;
    return value + GAP.repeat(whole.length - value.length);
  });
  return [...joined.matchAll(/[()]|!(?!=)|[^\s()]+/g)].map(({ 0: word, index }) => {
    return { text: word.replaceAll(GAP, ''), column: index + 1 };
  });
}

/** Stands for a space within a comparison, so that columns stay what they are. */
const GAP = '\u0001';
