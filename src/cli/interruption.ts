/** Ctrl-C and SIGTERM: the first asks the command to end with what it knows, a second ends the process at once. */

const AT_ONCE = 130;

export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(AT_ONCE);
      controller.abort();
    });
  }
  return controller.signal;
}
