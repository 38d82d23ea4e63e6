/** In a vantage: sends what stdin lists through the live engine, and prints everything that comes. */
import { readFileSync } from 'node:fs';
import type { Packet } from '../../src/engine/engine.ts';
import { openLive } from '../../src/engine/live/live.ts';

export interface Task {
  readonly packets: readonly { readonly to: string; readonly hex: string }[];
  readonly everyMs: number;
  readonly patienceMs: number;
}

export interface Report {
  /** When each left, in nanoseconds since the first. */
  readonly sentNs: readonly number[];
  readonly arrived: readonly { readonly hex: string; readonly linkType: number }[];
  readonly drops: number;
}

const { packets, everyMs, patienceMs } = JSON.parse(readFileSync(0, 'utf8')) as Task;
await using engine = openLive({ interface: null, source: null, largest: 0, bufferBytes: 32 << 20 });
const routes = new Map(
  await Promise.all([...new Set(packets.map(({ to }) => to))].map(async (to) => [to, await engine.route(to)] as const)),
);

const arrived: Packet[] = [];
async function collect(untilNs: bigint): Promise<void> {
  for (let batch = await engine.receive(untilNs); batch.length > 0; batch = await engine.receive(untilNs)) arrived.push(...batch);
}

const beganNs = engine.nowNs();
const sentNs: number[] = [];
for (const [i, { to, hex }] of packets.entries()) {
  await collect(beganNs + BigInt(i * everyMs) * 1_000_000n);
  sentNs.push(Number(engine.nowNs() - beganNs));
  if (engine.send(routes.get(to)!, [Buffer.from(hex, 'hex')]) !== 1) throw new Error(`Packet ${i} was not taken`);
}
await collect(engine.nowNs() + BigInt(patienceMs) * 1_000_000n);

const report: Report = {
  sentNs,
  arrived: arrived.map(({ bytes, linkType }) => ({ hex: Buffer.from(bytes).toString('hex'), linkType })),
  drops: engine.drops(),
};
process.stdout.write(JSON.stringify(report));
