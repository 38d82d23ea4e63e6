/**
 * Runs every test/**\/*.test.ts in a process of its own: two at a time, those under a folder `lab` or named `*.live.test.ts`
 * alone, after the rest. A file fails when it exits non-zero, prints no summary, ran no test and skipped none, or takes longer
 * than its limit (60 s; a first line `// limit: 120 s` asks for more). Words narrow the run: `npm test -- wire lab/fault`.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

interface Result {
  file: string;
  passed: number;
  failed: number;
  skipped: string[];
  seconds: number;
  output: string;
  why: string | null;
}

const limitSeconds = (file: string): number => Number(/^\/\/ limit: (\d+) s/.exec(readFileSync(file, 'utf8'))?.[1] ?? 60);

function run(file: string): Promise<Result> {
  const started = Date.now();
  const limit = limitSeconds(file);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let output = '';
    let late = false;
    const keep = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => {
      late = true;
      process.kill(-child.pid!, 'SIGKILL'); // the whole group: a test may have started others
    }, limit * 1000);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve(judge(file, output, late ? `took longer than ${limit} s` : exitReason(code, signal), (Date.now() - started) / 1000));
    });
  });
}

const exitReason = (code: number | null, signal: string | null): string | null =>
  code === 0 ? null : `ended with ${signal ?? `exit code ${code}`}`;

function judge(file: string, output: string, ended: string | null, seconds: number): Result {
  const plain = output.replaceAll(/\x1b\[[0-9;]*m/g, '');
  const count = (word: string): number => Number(new RegExp(`^\\s*${word}:\\s+(\\d+)`, 'm').exec(plain)?.[1] ?? Number.NaN);
  const [total, passed] = [count('Total'), count('Passed')];
  const skipped = [...plain.matchAll(/^SKIP (.*)$/gm)].map((match) => match[1]!);
  const silent = Number.isNaN(total) ? 'printed no summary' : null;
  const empty = total === 0 && skipped.length === 0 ? 'ran no test' : null;
  const failures = Number.isNaN(total) ? 0 : total - passed;
  const why = ended ?? silent ?? empty ?? (failures > 0 ? `${failures} failed` : null);
  const failed = why === null ? 0 : Math.max(failures, 1);
  return { file, passed: passed || 0, failed, skipped, seconds, output, why };
}

function report(result: Result): void {
  const mark = result.why === null ? 'ok  ' : 'FAIL';
  console.log(`${mark} ${result.file} (${result.passed} passed, ${result.seconds.toFixed(1)} s)${result.why ? `: ${result.why}` : ''}`);
  for (const reason of result.skipped) console.log(`     skipped ${reason}`);
  if (result.why !== null) console.log(result.output.replaceAll(/^/gm, '  | '));
}

async function all(files: string[], atOnce: number): Promise<Result[]> {
  const results: Result[] = [];
  const queue = [...files];
  const worker = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await run(file);
      report(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

const words = process.argv.slice(2);
const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => `test/${file}`)
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
const alone = (file: string): boolean => file.startsWith('test/lab/') || file.endsWith('.live.test.ts');

const results = [
  ...(await all(
    files.filter((file) => !alone(file)),
    2,
  )),
  ...(await all(files.filter(alone), 1)),
];
const sum = (of: (result: Result) => number): number => results.reduce((total, result) => total + of(result), 0);
const skippedCount = sum((result) => result.skipped.length);
const failedCount = sum((result) => result.failed) || (files.length === 0 ? 1 : 0);
console.log(`${sum((result) => result.passed)} passed, ${failedCount} failed${skippedCount ? `, ${skippedCount} skipped` : ''}`);
process.exitCode = failedCount > 0 ? 1 : 0;
