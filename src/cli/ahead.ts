/** Reads a source ahead of its reader: what is done with an item, such as asking for a name, never holds the source up. */

/** Yields each item with what `begin` made of it, in order. `begin` is called as soon as the item is there. */
export async function* ahead<Item, Made>(
  source: AsyncGenerator<Item>,
  begin: (item: Item) => Promise<Made>,
): AsyncGenerator<readonly [Item, Made]> {
  const waiting: (readonly [Item, Promise<Made>])[] = [];
  let wake = (): void => {};
  let done = false;
  const pump = (async () => {
    for await (const item of source) {
      waiting.push([item, begin(item)]);
      wake();
    }
  })();
  const ended = pump.then(
    () => {
      done = true;
      wake();
    },
    () => {
      done = true; // `await pump` below throws it to the reader
      wake();
    },
  );
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) yield [next[0], await next[1]];
      else if (done) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    await pump;
  } finally {
    if (!done) await source.return(undefined);
    await ended;
  }
}
