/** One measuring command from its first event to its exit code: whatever happens in between, exactly one `end` is reported, last. */
import { once } from 'node:events';
import { BeaconError, CANNOT_TELL, EXIT_OF } from '../error.ts';
import { EVENT_VERSION, type Event } from '../report/event.ts';
import type { Reporter } from '../report/reporter.ts';
import { type Network, type NetworkOptions, openNetwork } from './network.ts';

type WithoutStamp<One> = One extends Event ? Omit<One, 'v' | 'timeMs'> : never;
/** An event as a command says it; the session adds version and time. */
export type Said = WithoutStamp<Event>;

export interface Verdict {
  readonly reached: boolean | null;
  readonly exit: number;
}

/** What a command is: events while it works, and what it came to. */
export type Body = (network: Network, signal: AbortSignal) => AsyncGenerator<Said, Verdict>;

const BUG = 70;
/** A command that is asked to end looks up within 100 ms and waits 300 ms for names; one that waits for a neighbour or a server is left. */
const GRACE_MS = 450;

/** Of these there may be a hundred thousand: a slow reader must not fill our memory. */
const MANY: ReadonlySet<Said['type']> = new Set(['count', 'flow']);

/** Runs a command on a network of its own, opened and closed here. */
export async function session(
  options: NetworkOptions | Promise<NetworkOptions>,
  body: Promise<Body>,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number> {
  let network: Network | null = null;
  const msOf = (said: Said): number => (network === null ? Date.now() : stampMs(network, said));
  const tell = (said: Said): void => reporter.event(stamped(said, msOf(said)));
  let verdict: Verdict = { reached: null, exit: BUG };
  let interrupted = signal;
  try {
    const [opened, events] = await Promise.all([openNetwork(await options, signal), body]); // the kernel opens sockets while code is loaded
    await using _engine = opened.engine;
    network = opened;
    interrupted = opened.ended === undefined ? signal : AbortSignal.any([signal, opened.ended]);
    verdict = await told(events(opened, interrupted), tell, interrupted).finally(() => notify(opened, tell));
    if (opened.isIncomplete?.()) verdict = { ...verdict, exit: CANNOT_TELL };
  } catch (error) {
    const problem = problemOf(error);
    const exit = (network as Network | null)?.isIncomplete?.() ? CANNOT_TELL : problem.exit;
    verdict = { reached: null, exit };
    tell({ type: 'problem', code: problem.code, message: problem.message });
  }
  const end = { type: 'end', ...verdict, interrupted: interrupted.aborted } as const;
  const endMs = msOf(end); // before a recording is closed
  const failure = (network as Network | null)?.finish?.() ?? null;
  if (failure === null) reporter.event(stamped(end, endMs));
  else {
    verdict = { ...verdict, exit: EXIT_OF[failure.code] };
    reporter.event(stamped({ type: 'problem', code: failure.code, message: failure.message }, endMs));
    reporter.event(stamped({ ...end, exit: verdict.exit }, endMs));
  }
  reporter.close();
  return verdict.exit;
}

/** On a network that is open already, and stays open. */
export async function sessionOn(network: Network, body: Body, reporter: Reporter, signal: AbortSignal): Promise<number> {
  const tell = (said: Said): void => reporter.event(stamped(said, stampMs(network, said)));
  const verdict = await told(body(network, signal), tell, signal).finally(() => notify(network, tell));
  tell({ type: 'end', ...verdict, interrupted: signal.aborted });
  reporter.close();
  return verdict.exit;
}

/** What befell the vantage itself stands beside every result. */
function notify({ engine }: Network, tell: (said: Said) => void): void {
  for (const { code, message } of engine.notices?.() ?? []) tell({ type: 'problem', code, message });
}

function stamped({ type, ...rest }: Said, timeMs: number): Event {
  return { v: EVENT_VERSION, type, timeMs, ...rest } as Event;
}

/** The network's time, to a microsecond. */
const stampMs = ({ engine, stampNs = engine.nowNs }: Network, said: Said): number => Number(stampNs(said) / 1000n) / 1000;

async function told(events: AsyncGenerator<Said, Verdict>, tell: (said: Said) => void, signal: AbortSignal): Promise<Verdict> {
  let timer: NodeJS.Timeout | undefined;
  let [isLate, leave] = [false, (): void => {}];
  const begin = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isLate = true;
      leave();
    }, GRACE_MS);
  };
  if (signal.aborted) begin();
  else signal.addEventListener('abort', begin, { once: true });
  for (;;) {
    // not Promise.race(): a promise that outlives the loop would keep every event of it
    const step = await new Promise<IteratorResult<Said, Verdict> | null>((resolve, reject) => {
      leave = () => resolve(null);
      if (isLate) leave();
      else events.next().then(resolve, reject);
    });
    if (step === null) {
      tell({
        type: 'problem',
        code: 'INTERRUPTED',
        message: 'Interrupted while a name or a neighbour was waited for: the rest is not known',
      });
      return { reached: null, exit: CANNOT_TELL };
    }
    if (step.done) return step.value;
    if (signal.aborted && step.value.type === 'spray') begin(); // what is under way is waited for, and that is told
    tell(step.value);
    if (MANY.has(step.value.type) && process.stdout.writableNeedDrain) await once(process.stdout, 'drain');
  }
}

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly exit: number;
}

/** What a user is told of an error. Ours explain themselves; any other is a bug, and its stack is shown only when asked for. */
export function problemOf(error: unknown): Problem {
  if (error instanceof BeaconError) return { code: error.code, message: error.message, exit: EXIT_OF[error.code] };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const detail = process.env.BEACON_DEBUG === '1' ? `\n${stack}` : ' (BEACON_DEBUG=1 shows where)';
  return { code: 'ERR_BUG', message: `This is a bug of ours, please report it: ${message}${detail}`, exit: BUG };
}
