/** Where in a line of JSON something stands: `JSON.parse` does not always tell. */

export interface Places {
  /** Index of the first character that cannot be JSON; null where all of it is. */
  readonly fault: number | null;
  /** Index of each value of the outermost object, by its key. */
  readonly values: ReadonlyMap<string, number>;
}

const BLANK = /[ \t\r\n]*/y;
/** RFC 8259: punctuation, a string, or a number or word. */
const TOKEN =
  /([{}[\],:])|("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*")|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/** What may come next: a value, a value or the end of an empty array, a key, a key or the end of an empty object, a colon, more or an end. */
type Expected = 'value' | 'first value' | 'key' | 'first key' | 'colon' | 'more';

export function places(text: string): Places {
  const values = new Map<string, number>();
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let key = '';
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, TOKEN.lastIndex)) {
    TOKEN.lastIndex = at;
    const [token, mark, string] = TOKEN.exec(text) ?? [];
    if (token === undefined) return { fault: at, values };
    const isName = expected === 'key' || expected === 'first key';
    const isValue = expected === 'value' || expected === 'first value';
    if (isName && string !== undefined) {
      key = string;
      expected = 'colon';
    } else if (isValue && mark !== undefined && '{['.includes(mark)) {
      if (open.length === 1) values.set(nameOf(key), at);
      open.push(mark as '{' | '[');
      expected = mark === '{' ? 'first key' : 'first value';
    } else if (isValue && mark === undefined) {
      if (open.length === 1) values.set(nameOf(key), at);
      expected = 'more';
    } else if (expected === 'colon' && mark === ':') expected = 'value';
    else if (expected === 'more' && mark === ',' && open.length > 0) expected = open.at(-1) === '{' ? 'key' : 'value';
    else if (closes(mark, open.at(-1), expected)) {
      open.pop();
      expected = 'more';
    } else return { fault: at, values };
  }
  return { fault: expected === 'more' && open.length === 0 ? null : text.length, values };
}

function skipBlank(text: string, from: number): number {
  BLANK.lastIndex = from;
  BLANK.exec(text);
  return BLANK.lastIndex;
}

const closes = (mark: string | undefined, opened: '{' | '[' | undefined, expected: Expected): boolean =>
  (mark === '}' && opened === '{' && (expected === 'more' || expected === 'first key')) ||
  (mark === ']' && opened === '[' && (expected === 'more' || expected === 'first value'));

const nameOf = (key: string): string => (key === '' ? '' : JSON.parse(key));
