/**
 * What 10,000 paths of 8 hops with 16 flows each cost a spray: the largest resident memory of the whole process, the kernel's counters
 * that it maps among it, against that of the same spray over one path. Templates of the live sender lie in the kernel and are in neither.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './benchmarks.ts';
import { timed } from './process.ts';

const PATHS = 10_000;
const FLOWS = 16;
/** Routers at each hop, as a tree has them. */
const ROUTERS = [1, 8, 64, 256, 256, 512, 1024, 4096];
const NEAR = 'bench_memory_near';
const FAR = 'bench_memory_far';

const ip = (line: string): string => execFileSync('ip', line.split(' '), { encoding: 'utf8' });

const addressOf = (hop: number, router: number): string => `10.${hop + 1}.${router >> 8}.${router & 255}`;

/** The same paths each time. */
function paths(): string[] {
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; // Numerical Recipes' generator
    return Math.floor((state / 2 ** 32) * below);
  };
  return Array.from({ length: PATHS }, () => ROUTERS.map((routers, hop) => addressOf(hop, next(routers))).join(','));
}

/** Nothing comes home: the far end throws all away. */
function raise(): void {
  for (const name of [NEAR, FAR]) ip(`netns add ${name}`);
  ip(`-n ${NEAR} link add near type veth peer name far netns ${FAR}`);
  ip(`-n ${NEAR} address add 192.0.2.1/24 dev near`);
  ip(`-n ${FAR} address add 192.0.2.2/24 dev far`);
  for (const device of ['lo', 'near']) ip(`-n ${NEAR} link set ${device} up`);
  ip(`-n ${FAR} link set far up`);
  ip(`-n ${NEAR} route add default via 192.0.2.2`);
}

export async function sprayMemory(): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-memory-'));
  try {
    raise();
    const all = paths();
    const routers = new Set(all.flatMap((path) => path.split(',')));
    const map = join(directory, 'map.yaml');
    writeFileSync(map, [...routers].map((router) => `- {hop: ${router}, decapsulates: ${router}}\n`).join(''));
    const peak = async (count: number): Promise<number> => {
      const file = join(directory, `${count}.txt`);
      writeFileSync(file, `${all.slice(0, count).join('\n')}\n`);
      const options = ['--map', map, '--sweep-hops', '--flows', `${FLOWS}`, '--rate', '50000', '--max-link-load', '100%', '-c', '100000'];
      const { peakMb, code, stdout } = await timed(NEAR, [
        process.execPath,
        'bin/braceroute.js',
        'spray',
        '--paths',
        file,
        ...options,
        '-t',
        '1',
        '--json',
      ]);
      if (code !== 1 || !stdout.includes('"sprayed"')) throw new Error(`The spray over ${count} paths ended with exit code ${code}`);
      return peakMb;
    };
    const [one, many] = [await peak(1), await peak(PATHS)];
    return [
      {
        what: `spray over ${PATHS} paths × 8 hops × ${FLOWS} flows, largest resident memory of the command`,
        figure: many,
        limit: 150,
        unit: ' MB',
      },
      { what: '  the same over one path', figure: one, limit: null, unit: ' MB' },
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
    for (const name of [NEAR, FAR]) if (ip('netns list').includes(name)) ip(`netns del ${name}`);
  }
}
