/** What a test asks a matcher that runs in a namespace. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { MatcherJob } from '../../src/engine/live/spray-matcher.ts';
import type { MatcherName, TagMode } from '../../src/engine/spray.ts';
import type { NativeEvidenceCounts, NativeMatcherTotals } from '../../src/host/spray-addon.ts';

interface RunQuestion {
  readonly run: number;
  /** 16 bytes. */
  readonly key: readonly number[];
  readonly templates: number;
  readonly flows: number;
  readonly tag: TagMode;
}

type Columns = 'received' | 'duplicates' | 'reordered' | 'corrupted' | 'leastNs' | 'mostNs';

export interface Questions {
  open: RunQuestion &
    Pick<MatcherJob, 'timeoutNs'> &
    Partial<Pick<MatcherJob, 'ring' | 'attach'>> & { matcher: MatcherName; device: string; idKey: number };
  evidence: RunQuestion & { device: string; room?: number };
  listen: { port: number; address: string };
  totals: null;
  datagrams: null;
  records: null;
  cells: { count: number };
  histograms: { templates: number };
  flowSums: { templates: number; flows: number };
  lossRuns: { templates: number };
  flowLossRuns: { templates: number; flows: number };
  settle: { end: number; last: boolean };
  leftovers: null;
  close: null;
}

export interface Answers {
  open: string[];
  evidence: null;
  listen: null;
  totals: NativeMatcherTotals & { datagrams: number; cpuMs: number };
  datagrams: { datagrams: number };
  records: NativeEvidenceCounts & { kinds: Record<number, number>; firsts: Record<number, number[]> };
  cells: Record<Columns, number[]>;
  histograms: number[][];
  flowSums: number[];
  lossRuns: number[][];
  flowLossRuns: number[][];
  settle: null;
  leftovers: { device: string; priority: number }[];
  close: null;
}

export interface MatcherProcess extends AsyncDisposable {
  ask<Name extends keyof Questions>(name: Name, question: Questions[Name]): Promise<Answers[Name]>;
  /** Asks until the answer is as wanted; the last one after `LIMIT_MS`. */
  until<Name extends keyof Questions>(
    name: Name,
    question: Questions[Name],
    isIt: (answer: Answers[Name]) => boolean,
  ): Promise<Answers[Name]>;
  kill(): Promise<void>;
}

const CHILD = fileURLToPath(new URL('./matcher-child.ts', import.meta.url));
const LIMIT_MS = 8000;

export function matcherIn(namespace: string): MatcherProcess {
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '--import', 'tsx', CHILD], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const closed = once(child, 'close');
  const ask: MatcherProcess['ask'] = async (name, question) => {
    child.stdin.write(`${JSON.stringify([name, question])}\n`);
    const { value } = await lines.next();
    const { answer, error } = JSON.parse(value ?? '{"error": "it ended"}');
    if (error !== undefined) throw new Error(error);
    return answer;
  };
  return {
    ask,
    async until(name, question, isIt) {
      const started = Date.now();
      for (;;) {
        const answer = await ask(name, question);
        if (isIt(answer) || Date.now() - started > LIMIT_MS) return answer;
      }
    },
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await closed;
    },
  };
}
