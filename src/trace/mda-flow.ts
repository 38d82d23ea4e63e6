/** The flows that a search for paths sends: each is the run's own with other values of all that routers may choose by. */
import type { Flow, Itinerary } from '../probe/itinerary.ts';
import { type Address, familyOf } from '../wire/address.ts';
import { carryingTo, type FieldName, type FieldsAsked, fieldsOf, traceItinerary } from './field.ts';

/** What selects a path. All else is as in every probe of the run. */
export interface PathFlow {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flowLabel: number;
  /** Where the header inside goes, with steered traffic: null for home, or whatever else is not varied. */
  readonly inner: Address | null;
}

/** What the command is given to send such a flow. */
export const optionsOf = ({ sourcePort, flowLabel }: Pick<PathFlow, 'sourcePort' | 'flowLabel'>): string =>
  `--source-port ${sourcePort}${flowLabel === 0 ? '' : ` --flow-label ${flowLabel}`}`;

export interface RunFlow extends PathFlow {
  readonly itinerary: (ttl: number) => Itinerary;
}

type Asked = Omit<FieldsAsked, 'values' | 'second'>;

/** Of the fields that can be changed those in which the flows of a search differ; a router that goes by none of them sends all one way. */
export const variedFields = (asked: FieldsAsked): FieldName[] =>
  fieldsOf(asked).flatMap(({ name }) => (VARIED.includes(name) ? [name] : []));

const VARIED: readonly FieldName[] = ['source port', 'identifier', 'inner ports', 'flow label', 'inner addresses'];

/** Unprivileged ports below those that most systems give out; coprime steps, so that a value comes back only after all others. */
const PORTS = { first: 10_000, room: 50_000, step: 7919 } as const;
const LABELS = { room: 0xfffff, step: 65_539 } as const;

/** The n-th flow; 0 is the run's own. After 50,000 the source ports come again. */
export function pathFlow(asked: Asked, index: number): RunFlow {
  const { flow } = asked;
  if (index === 0) return { ...selecting(flow, null), itinerary: traceItinerary(asked) };
  const sourcePort = PORTS.first + ((Math.max(0, flow.sourcePort - PORTS.first) + index * PORTS.step) % PORTS.room);
  const flowLabel = familyOf(asked.ends.to) === 6 ? 1 + ((flow.flowLabel + index * LABELS.step) % LABELS.room) : flow.flowLabel;
  const varied = { ...asked, flow: { ...flow, sourcePort, flowLabel } };
  const inner = innerAddress(asked, index);
  return {
    ...selecting(varied.flow, inner),
    itinerary: inner === null ? traceItinerary(varied) : carryingTo(varied, inner),
  };
}

const selecting = ({ sourcePort, destinationPort, flowLabel }: Flow, inner: Address | null): PathFlow => ({
  sourcePort,
  destinationPort,
  flowLabel,
  inner,
});

/** Home, and the addresses of the hops: on the legs of boomerangs both stand there. */
function innerAddress({ ends, carries, hops }: Asked, index: number): Address | null {
  if (carries === 'probe' || ends.to === ends.us) return null;
  const all = [null, ...new Set(hops)].filter((hop) => hop !== ends.us);
  return all[index % all.length] ?? null;
}
