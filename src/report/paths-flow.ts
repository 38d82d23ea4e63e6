/** The flow that takes one of several ways: what a command is given, and what a drawing says beside the way. */
import type { EdgeEvent, SplitEvent, SplitNext } from './event.ts';
import type { PathsTold } from './paths-block.ts';
import { optionFor } from './trace-text.ts';

/** Fields that take the place of the source port, and of the flow label, in the run's own flow. */
const PORTS: readonly (string | null)[] = ['source port', 'identifier', 'inner ports'];
const LABEL = 'flow label';

type Chosen = Pick<SplitNext, 'field' | 'value'>;

/**
 * A split's value is found with all else as in the run's own flow, so those of its fields that a run takes by chance or by an option go
 * with it. Where no field alone leads there (`choice` null or without a value), the first flow that was seen there does.
 */
function fieldsOf({ paths }: PathsTold, choice: Chosen | null, { flow }: EdgeEvent): Chosen[] {
  const isKnown = choice !== null && choice.field !== null;
  const { sourcePort, flowLabel } = isKnown ? paths.flow : flow;
  const own = { port: { field: 'source port', value: sourcePort }, label: { field: LABEL, value: flowLabel } };
  const port = isKnown && PORTS.includes(choice.field) ? choice : own.port;
  const label = isKnown && choice.field === LABEL ? choice : own.label;
  const other: Chosen[] = isKnown && choice !== port && choice !== label ? [choice] : [];
  const inner: Chosen[] = isKnown || flow.inner === null ? [] : [{ field: 'inner addresses', value: flow.inner }];
  return [port, ...(label.value === 0 ? [] : [label]), ...other, ...inner];
}

/** `--source-port 41000 --flow-label 7` */
export const optionsFor = (told: PathsTold, choice: Chosen | null, edge: EdgeEvent): string =>
  fieldsOf(told, choice, edge)
    .map((one) => optionFor(one))
    .join(' ');

/** `source port 41000, flow label 7` */
export const wordsFor = (told: PathsTold, choice: Chosen | null, edge: EdgeEvent): string =>
  fieldsOf(told, choice, edge)
    .map(({ field, value }) => `${field} ${value}`)
    .join(', ');

/** The split of a node; undefined where it has none. A node without an address has none that is told. */
export function splitOf({ nodes, splits }: PathsTold, id: number): SplitEvent | undefined {
  const addresses = nodes.find((node) => node.id === id)!.addresses;
  return splits.find(({ from }) => from !== null && addresses.includes(from));
}
