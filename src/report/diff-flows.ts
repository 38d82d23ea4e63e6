/** The flows of two sprays: of which more, or less, is lost. */
import { isBeyond, isMixed, type Looked, shareMoved } from './diff-moved.ts';
import { type DiffRun, sprayedLoss } from './diff-run.ts';
import type { FlowDifferenceEvent, FlowEvent } from './event.ts';

/** Those that both runs have a line of; what field is swept and which values it takes is part of a flow's name. */
export function flowRows(a: DiffRun, b: DiffRun): Looked<FlowDifferenceEvent>[] {
  const [first, second] = [flowsOf(a), flowsOf(b)];
  return [...first].flatMap(([key, { event, loss }]) => {
    const other = second.get(key);
    if (loss === null || other === undefined || other.loss === null) return [];
    const pair = { a: loss, b: other.loss };
    const { part, position, address, size, field, value } = event;
    const place = { type: 'flowDifference', part, position, address, size, field, value } as const;
    const told = (confidence: number): ReturnType<Looked<FlowDifferenceEvent>['told']> => {
      const moved = shareMoved(pair, confidence);
      return { ...place, loss: moved, moved: isBeyond(moved) ? ['loss'] : [] };
    };
    return [{ tests: Number(isMixed(pair)), isKnown: true, told }];
  });
}

function flowsOf({ events }: DiffRun): Map<string, { readonly event: FlowEvent; readonly loss: ReturnType<typeof sprayedLoss> }> {
  const unknown = events.find((event) => event.type === 'sprayed')?.unknown ?? 0;
  const flows = events.filter((event) => event.type === 'flow');
  return new Map(flows.map((event) => [keyOf(event), { event, loss: sprayedLoss(event, unknown) }]));
}

const keyOf = ({ part, address, position, size, field, value }: FlowEvent): string =>
  [part, position, address, size, field, value].join(' ');
