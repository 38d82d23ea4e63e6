/**
 * A terminal, as far as the reporters use one: line feed with carriage return, CR, CUU, EL 2, ED 0, and SGR, with autowrap and
 * scrolling (ECMA-48; a letter in the last column leaves the cursor on it until the next letter). Other escapes throw.
 */
export class Screen {
  /** Everything that scrolled away, then what is on the screen. */
  readonly lines: string[] = [''];
  private row = 0;
  private column = 0;
  private readonly columns: number;
  private readonly rows: number;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** What a person could read, without the empty line of the cursor. */
  text(): string {
    return this.lines.join('\n').replace(/\n*$/, '');
  }

  write(text: string): void {
    for (const [token] of text.matchAll(/\x1b\[(\d*)([A-Za-z])|[\s\S]/gu)) this.take(token);
  }

  private take(token: string): void {
    if (token === '\n') this.lineFeed();
    else if (token === '\r') this.column = 0;
    else if (token.length > 1 && token.startsWith('\x1b')) this.control(token);
    else this.letter(token);
  }

  private control(token: string): void {
    const count = Number(token.slice(2, -1) || 1);
    if (token.endsWith('A')) this.row = Math.max(this.row - count, this.top());
    else if (token === '\x1b[2K') this.lines[this.row] = '';
    else if (token === '\x1b[J') this.lines.splice(this.row, this.lines.length, this.lines[this.row]!.slice(0, this.column));
    else if (!token.endsWith('m')) throw new Error(`This screen does not know ${JSON.stringify(token)}`);
  }

  private letter(letter: string): void {
    if (letter < ' ') throw new Error(`This screen does not know ${JSON.stringify(letter)}`);
    if (this.column === this.columns) this.lineFeed();
    const line = this.lines[this.row]!.padEnd(this.column);
    this.lines[this.row] = line.slice(0, this.column) + letter + line.slice(this.column + 1);
    this.column += 1;
  }

  private lineFeed(): void {
    this.row += 1;
    this.column = 0;
    if (this.row === this.lines.length) this.lines.push('');
  }

  /** The first line that has not scrolled away. */
  private top(): number {
    return Math.max(this.lines.length - this.rows, 0);
  }
}
