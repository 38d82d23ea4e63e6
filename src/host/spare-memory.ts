/**
 * Memory that is not taken: V8 lets garbage lie until there is as much again as is in use, and more at first. Where a command makes
 * millions of short-lived objects once, and then works for minutes with few, it is told to clear up in between.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | null = null;

/** From now on new objects get little room: what they leave behind is cleared up early, at some cost in time. */
export function spareMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=20');
  moveTogether(); // V8 sets its next limit by what is in use now
}

/**
 * Clears up now, and moves what is left together: a page with one object in it is a page. It takes a millisecond for each megabyte in
 * use, and for a moment as much memory again.
 */
export function moveTogether(): void {
  setFlagsFromString('--expose-gc');
  setFlagsFromString('--compact-on-every-full-gc');
  collect ??= runInNewContext('gc') as () => void;
  collect();
  setFlagsFromString('--no-compact-on-every-full-gc');
}
