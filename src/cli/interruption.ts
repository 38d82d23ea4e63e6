/** Ctrl-C, SIGTERM, a closed terminal and a closed pipe: the first asks the command to end with what it knows, a second ends the process. */

export interface Interruption {
  readonly signal: AbortSignal;
  /** From now on nothing ends the process at once: there is something to take down first. */
  hold(): void;
}

const AT_ONCE = 130;
const OUTPUT_FAILED = 4;

export function interruption(): Interruption {
  const controller = new AbortController();
  let held = false;
  const interrupt = (): void => {
    if (controller.signal.aborted && !held) process.exit(AT_ONCE);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, interrupt);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough, such as head, closes the pipe: nothing is wrong. A full disk is.
    const exit = error.code === 'EPIPE' ? 0 : OUTPUT_FAILED;
    if (exit !== 0) process.stderr.write(`braceroute: Cannot write to stdout: ${error.message}\n`);
    if (held) controller.abort();
    else process.exit(exit);
  });
  return {
    signal: controller.signal,
    hold() {
      held = true;
      process.on('SIGQUIT', interrupt);
    },
  };
}
