/** The first braceroute's spray: hop by hop, each answer told as it comes. */
import type { Engine } from '../engine/engine.ts';
import type { Asking } from '../probe/ask.ts';
import type { Observation } from '../probe/observation.ts';
import { type Question, question } from '../probe/question.ts';
import { boomerang } from './itinerary.ts';
import type { ProbedPath } from './path.ts';
import type { SurveyedHop } from './survey.ts';
import type { SweepOptions } from './sweep.ts';

/** What was seen of one probe over the path to a position and back: its outcome, or a remark beside it. */
export interface ClassicObservation {
  readonly position: number;
  readonly seen: Observation;
}

export async function* classicSpray(
  engine: Engine,
  asking: Asking,
  path: ProbedPath,
  hops: readonly SurveyedHop[],
  options: SweepOptions,
): AsyncGenerator<ClassicObservation> {
  const gapNs = 1e9 / options.rate;
  const ours = new Set<Question>();
  for (const { position, waypoints, source } of hops) {
    if (waypoints.length === 0) continue;
    const asked = await question(engine, boomerang(path, waypoints, options.landing, options.flow, source), position);
    ours.add(asked);
    const questions = Array.from({ length: options.count }, () => asked);
    for await (const seen of asking.ask(questions, { everyNs: () => gapNs, timeoutNs: () => options.timeoutNs, settle: 'deadline' })) {
      if (ours.has(seen.probe.question)) yield { position: seen.probe.question.path, seen }; // a remark may be on an earlier hop
    }
  }
}
