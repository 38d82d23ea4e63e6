/** Standard output, many lines at a time: a write for each line would cost more than the line. */
import { once } from 'node:events';
import { newPage, type Page, putByte, putText, turn } from '../report/page.ts';

export interface PagedOutput {
  readonly page: Page;
  line(text: string): void;
  /** Ends the line on the page. */
  end(): void;
  flush(): void;
  /** Once what was written is taken: a slow reader must not fill our memory. */
  flushed(): Promise<void>;
}

const PAGE_LENGTH = 1 << 16;
const NEWLINE = 0x0a;

export function pagedOutput(stream: NodeJS.WriteStream): PagedOutput {
  const spare: Buffer[] = []; // written, and free to be filled again
  let full = false;
  const page = newPage(PAGE_LENGTH, (text) => {
    if (text.length === 0) return page.bytes;
    const { bytes } = page;
    full = !stream.write(text, () => spare.push(bytes)) || full;
    return spare.pop() ?? Buffer.allocUnsafeSlow(PAGE_LENGTH);
  });
  return {
    page,
    line(text) {
      putText(page, text);
      putByte(page, NEWLINE);
    },
    end: () => putByte(page, NEWLINE),
    flush: () => turn(page),
    async flushed() {
      turn(page);
      if (full && stream.writableNeedDrain) await once(stream, 'drain');
      full = false;
    },
  };
}
