/** The nodes, edges and splits of all paths, until the event that says that there are no more. */
import type { EdgeEvent, Event, NodeEvent, PathsEvent, SplitEvent } from './event.ts';

export interface PathsTold {
  readonly nodes: readonly NodeEvent[];
  readonly edges: readonly EdgeEvent[];
  readonly splits: readonly SplitEvent[];
  readonly paths: PathsEvent;
}

/** `done` gets each graph once. `tell` says whether the event was of one. */
export function createPathsBlock(done: (told: PathsTold) => void): { tell(event: Event): boolean } {
  let nodes: NodeEvent[] = [];
  let edges: EdgeEvent[] = [];
  let splits: SplitEvent[] = [];
  let begun = false;
  return {
    tell(event) {
      if (event.type === 'start') {
        begun = event.command === 'paths';
        [nodes, edges, splits] = [[], [], []];
        return false;
      }
      if (!begun) return false;
      if (event.type === 'node') nodes.push(event);
      else if (event.type === 'edge') edges.push(event);
      else if (event.type === 'split') splits.push(event);
      else if (event.type === 'paths') done({ nodes, edges, splits, paths: event });
      else return false;
      return true;
    },
  };
}
