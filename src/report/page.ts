/** Text as bytes, a page at a time: what is told a million times is put together from pieces that are bytes already. */

export interface Page {
  bytes: Buffer;
  /** Where the next byte goes. */
  at: number;
  /** Takes a full page and gives the one to go on with. */
  readonly turn: (full: Buffer) => Buffer;
}

export const newPage = (length: number, turn: Page['turn']): Page => ({ bytes: Buffer.allocUnsafe(length), at: 0, turn });

/** Of text that is ASCII. */
export const piece = (ascii: string): Uint8Array => Uint8Array.from(Buffer.from(ascii, 'latin1'));

/** What is shorter than a page is not torn apart. */
export function put(page: Page, bytes: Uint8Array): void {
  if (page.at + bytes.length > page.bytes.length) {
    turn(page);
    if (bytes.length > page.bytes.length) {
      putLong(page, bytes);
      return;
    }
  }
  page.bytes.set(bytes, page.at);
  page.at += bytes.length;
}

function putLong(page: Page, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length; ) {
    if (page.at === page.bytes.length) turn(page);
    const part = bytes.subarray(from, from + page.bytes.length - page.at);
    page.bytes.set(part, page.at);
    page.at += part.length;
    from += part.length;
  }
}

/** Any text. One that is told often is better kept as a piece. */
export function putText(page: Page, text: string): void {
  if (page.at + 3 * text.length > page.bytes.length) put(page, Buffer.from(text));
  else page.at += page.bytes.write(text, page.at);
}

export function putByte(page: Page, byte: number): void {
  if (page.at === page.bytes.length) turn(page);
  page.bytes[page.at] = byte;
  page.at += 1;
}

/** What is on the page so far is handed on. */
export function turn(page: Page): void {
  page.bytes = page.turn(page.bytes.subarray(0, page.at));
  page.at = 0;
}

/** Four digits of each number below 10,000. */
const DIGITS = piece(Array.from({ length: 10_000 }, (_, number) => String(number).padStart(4, '0')).join(''));
const LONGEST = 20;
const FOUR = 10_000;
const EIGHT = 100_000_000;

/** A whole number in decimal, from 0 to 2^53. */
export function putNumber(page: Page, value: number): void {
  if (page.at + LONGEST > page.bytes.length) put(page, piece(String(value)));
  else if (value < FOUR) putShort(page, value);
  else if (value < EIGHT) {
    const high = Math.floor(value / FOUR);
    putShort(page, high);
    putFour(page, value - high * FOUR);
  } else {
    const high = Math.floor(value / EIGHT);
    putNumber(page, high);
    putEight(page, value - high * EIGHT);
  }
}

export const digitsOf = (value: number): number => (value > 9999 ? 5 : value > 999 ? 4 : value > 99 ? 3 : value > 9 ? 2 : 1);

/** Writes a number below 100,000, which has so many digits or is to have so many, over what stands at a place. */
export function putDigits({ bytes }: Page, at: number, value: number, digits: number): void {
  const high = digits < 5 ? 0 : Math.floor(value / FOUR);
  if (digits === 5) bytes[at] = ZERO + high;
  const next = 4 * (value - high * FOUR + 1);
  const end = at + digits;
  bytes[end - 1] = DIGITS[next - 1]!;
  if (digits > 1) bytes[end - 2] = DIGITS[next - 2]!;
  if (digits > 2) bytes[end - 3] = DIGITS[next - 3]!;
  if (digits > 3) bytes[end - 4] = DIGITS[next - 4]!;
}

function putShort(page: Page, value: number): void {
  const { bytes } = page;
  const from = 4 * value;
  let { at } = page;
  if (value > 999) bytes[at++] = DIGITS[from]!;
  if (value > 99) bytes[at++] = DIGITS[from + 1]!;
  if (value > 9) bytes[at++] = DIGITS[from + 2]!;
  bytes[at++] = DIGITS[from + 3]!;
  page.at = at;
}

function putEight(page: Page, value: number): void {
  const high = Math.floor(value / FOUR);
  putFour(page, high);
  putFour(page, value - high * FOUR);
}

function putFour(page: Page, value: number): void {
  const { bytes, at } = page;
  const from = 4 * value;
  bytes[at] = DIGITS[from]!;
  bytes[at + 1] = DIGITS[from + 1]!;
  bytes[at + 2] = DIGITS[from + 2]!;
  bytes[at + 3] = DIGITS[from + 3]!;
  page.at = at + 4;
}

const [MINUS, POINT, ZERO] = [0x2d, 0x2e, 0x30];

/** Whole nanoseconds, of fewer than 15 digits, as milliseconds: what `String(ns / 1e6)` is, which takes five times as long. */
export function putMilliseconds(page: Page, ns: number): void {
  if (page.at + LONGEST > page.bytes.length) turn(page);
  if (ns < 0) putByte(page, MINUS);
  const all = Math.abs(ns);
  const whole = Math.floor(all / 1e6);
  putNumber(page, whole);
  const rest = all - whole * 1e6;
  if (rest === 0) return;
  putByte(page, POINT);
  putDigits(page, page.at, Math.floor(rest / FOUR), 2);
  putDigits(page, page.at + 2, rest % FOUR, 4);
  page.at += 6;
  while (page.bytes[page.at - 1] === ZERO) page.at -= 1;
}
