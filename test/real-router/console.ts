/** The serial console of an emulated machine: a line is typed, and what it prints is read until its mark. */
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

export type Qemu = ChildProcessByStdio<Writable, Readable, null>;

/** A boot takes 6 to 10 s. */
const PATIENCE_MS = 60_000;

export interface Console {
  until(pattern: RegExp): Promise<string>;
  /** Resolves to what it printed. */
  ask(line: string): Promise<string>;
}

export function consoleOf(qemu: Qemu): Console {
  let printed = '';
  let asked = 0;
  qemu.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  async function until(pattern: RegExp): Promise<string> {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (!pattern.test(printed)) {
      if (qemu.exitCode !== null || Date.now() > deadlineMs) throw new Error(`The machine never said ${pattern}: ${printed.slice(-2000)}`);
      await sleep(20);
    }
    return printed;
  }
  return {
    until,
    async ask(line) {
      asked += 1;
      printed = '';
      qemu.stdin.write(`${line}; echo "DONE"-${asked}\n`); // quotes, so that the echo of what is typed is not the mark
      const text = await until(new RegExp(`^DONE-${asked}\\r?\\n`, 'm'));
      return text.replaceAll('\r', '').split('\n').slice(1, -2).join('\n');
    },
  };
}
