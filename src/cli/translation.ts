/** What is said where quotes show that somebody on the way rewrites our probes. */
import { EXIT_OF } from '../error.ts';
import type { Asking } from '../probe/ask.ts';
import type { Rewritten } from '../probe/rewritten.ts';
import type { Said } from './session.ts';

const SEEN: Readonly<Record<Rewritten['field'], (sent: string, seen: string) => string>> = {
  source: (sent, seen) => `We are behind NAT: ${sent} is seen as ${seen}`,
  'source port': (sent, seen) => `We are behind NAT: our source port ${sent} is seen as ${seen}`,
  ID: (sent, seen) => `Something on the way rewrites IP IDs (${sent} is seen as ${seen}), as NAT does`,
};

const problem = ({ field, sent, seen }: Rewritten, next: string): Said => ({
  type: 'problem',
  code: 'NAT',
  message: `${SEEN[field](sent, seen)}, ${next}`,
});

/** Before nested probes are sent, or more of them: returns the exit code where they would not find home, null where nothing speaks against it. */
export function* nestedTranslation({ rewritten }: Pick<Asking, 'rewritten'>): Generator<Said, number | null> {
  const found = rewritten();
  if (found === null) return null;
  yield problem(found, 'so nested probes, whose inner headers nobody translates, would not find home: run it from the other side');
  return EXIT_OF.NAT;
}

/** A trace goes on: what it shows is true of the probes as they are seen. */
export function* traceTranslation({ rewritten }: Pick<Asking, 'rewritten'>): Generator<Said> {
  const found = rewritten();
  if (found !== null) yield problem(found, 'so routers behind it may choose otherwise for nested probes');
}
