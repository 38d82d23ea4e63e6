/** The only way to skip a test: with a reason that is printed, and never counted as a pass. test/run.ts adds the lines up. */
export function skip(title: string, reason: string): void {
  console.log(`SKIP ${title}: ${reason}`);
}

/** Why this process cannot make network namespaces, or null. */
export const rootMissing = (): string | null => (process.getuid?.() === 0 ? null : 'needs root (network namespaces, raw packets)');
