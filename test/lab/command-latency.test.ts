// limit: 120 s
/** `locate --latency` on a lab of real kernels, whose relay holds packets for so long. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event, LatencyEvent } from '../../src/report/event.ts';
import { NO_FAULT } from '../../src/topology/fault.ts';
import { COMMAND, eventsOf, of } from '../cli/command.ts';
import { raised } from '../locate/in-lab.ts';
import { rootMissing, skip } from '../skip.ts';
import { fixture } from './raised.ts';

const folder = mkdtempSync(join(tmpdir(), 'latency-'));
test.after(() => rmSync(folder, { recursive: true }));

const reason = rootMissing();
for (const family of [4, 6] as const) {
  const title = `IPv${family}: 7 ms asked of a relay stand on its link, and jitter is queueing that grew there`;
  if (reason) skip(title, reason);
  else
    test(title, async () => {
      await using lab = await raised(fixture('line', `e6f_latency_${family}`));
      const { links, nodes } = lab.topology;
      const end = nodes.at(-1)!.loopback[family];
      const measured = async (...more: string[]): Promise<{ exit: number | null; events: Event[] }> => {
        const argv = [...COMMAND, 'locate', '--latency', '-d', end, '-n', '--timeout', '0.5', '--json', ...more];
        const ran = await lab.exec(nodes[0]!.name, argv, { timeoutMs: 30_000 });
        return { exit: ran.code, events: eventsOf(ran) };
      };
      const before = await measured();
      const file = join(folder, `before-${family}.jsonl`);
      writeFileSync(file, before.events.map((event) => `${JSON.stringify(event)}\n`).join(''));
      const slow = links[1]!;
      const [near] = slow.ends;

      await lab.fault(slow.id, near.node, { ...NO_FAULT, delayMs: 7 });
      const delayed = of((await measured('--baseline', file)).events, 'latency');
      const [worst] = delayed.toSorted((one, other) => other.grewMs!.value - one.grewMs!.value) as [LatencyEvent];
      assert.is(delayed.indexOf(worst), 1, JSON.stringify(delayed));
      assert.is(worst.moved, 'way');
      assert.ok(Math.abs(worst.grewMs!.value - 7) < 1, JSON.stringify(worst));
      for (const other of delayed) if (other !== worst) assert.ok(Math.abs(other.grewMs!.value) < 1, JSON.stringify(other));

      await lab.fault(slow.id, near.node, { ...NO_FAULT, jitterMs: 7 });
      const jitter = await measured('--baseline', file);
      const grown = of(jitter.events, 'latency').filter(({ grewMs }) => grewMs!.low > 1);
      assert.equal(
        grown.map(({ to }) => to),
        [worst.to],
      );
      assert.ok(grown[0]!.grewMs!.low > 0 && grown[0]!.grewMs!.value < 7.5, JSON.stringify(grown));
    });
}

test.run();
