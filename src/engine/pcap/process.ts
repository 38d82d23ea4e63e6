/** The process in which the package pcap lives, as seen from ours: messages out, messages in, and its end. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { BeaconError } from '../../error.ts';
import { PACKAGE_ROOT } from '../../package-root.ts';
import { refusal } from '../packages/handle.ts';

/** Plain JavaScript: it is the same file for the sources, the build and the bundle. */
const ENTRY: string = join(PACKAGE_ROOT, 'bin/pcap-session.js');
/** Its end takes a millisecond; where it does not come, the process is killed. */
const CLOSE_MS = 1000;

export interface Open {
  readonly kind: 'open';
  readonly device: string;
  readonly filter: string;
  readonly snapLength: number;
  readonly bufferBytes: number;
}

type Told =
  | Open
  | { readonly kind: 'send'; readonly frames: readonly Uint8Array[] }
  | { readonly kind: 'look'; readonly number: number }
  | { readonly kind: 'close' };

interface Come {
  readonly kind: 'packets';
  readonly frames: readonly Uint8Array[];
  readonly stampsUs: readonly bigint[];
}

interface Sent {
  readonly kind: 'sent';
  readonly count: number;
  /** Of these, those that the kernel did not take. */
  readonly refused: number;
}

/** All packets that came before it was asked have been told. */
interface Looked {
  readonly kind: 'looked';
  readonly number: number;
  /** Packets that the kernel had no room for. */
  readonly dropped: number;
}

type Heard =
  | Come
  | Sent
  | Looked
  | { readonly kind: 'opened'; readonly linkType: string }
  | { readonly kind: 'failed'; readonly words: string };

export interface Listener {
  packets(message: Come): void;
  sent(message: Sent): void;
  looked(message: Looked): void;
}

export interface PcapProcess {
  /** As the package calls it. */
  readonly linkType: string;
  tell(message: Told): void;
  /** Resolves when everything that came until now has been told. */
  look(number: number): Promise<void>;
  /** Throws ERR_ENGINE where the process has ended by itself. */
  refuseEnded(): void;
  close(): Promise<void>;
}

/** Throws BeaconError with what libpcap says. `ended` is called when the process ends by itself. */
export async function startProcess(open: Open, listener: Listener, ended: () => void): Promise<PcapProcess> {
  const child = fork(ENTRY, [], { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced' });
  const exited = once(child, 'exit').catch(() => {}); // a process that never was has an error in its place
  const looks = new Map<number, () => void>();
  let death: BeaconError | null = null;
  child.on('message', (message: Heard) => {
    if (message.kind === 'packets') listener.packets(message);
    else if (message.kind === 'sent') listener.sent(message);
    else if (message.kind === 'looked') {
      listener.looked(message);
      looks.get(message.number)?.();
      looks.delete(message.number);
    }
  });
  child.on('exit', (code, signal) => {
    death = new BeaconError('ERR_ENGINE', `The process of the engine pcap ended by itself (${signal ?? `exit ${code}`}): run it again`);
    for (const done of looks.values()) done();
    looks.clear();
    ended();
  });
  const linkType = await opening(child, open).catch(async (error) => {
    await end(child, exited);
    throw error;
  });
  restFrom(child);

  const refuseEnded = (): void => {
    if (death !== null) throw death;
  };
  return {
    linkType,
    tell(message) {
      refuseEnded();
      child.send(message);
    },
    async look(number) {
      refuseEnded();
      const looked = new Promise<void>((resolve) => looks.set(number, resolve));
      holdBy(child); // its answer or its end
      child.send({ kind: 'look', number } satisfies Told);
      await looked;
      if (looks.size === 0) restFrom(child);
    },
    refuseEnded,
    async close() {
      await end(child, exited);
    },
  };
}

/** The package's name of the link type. */
function opening(child: ChildProcess, open: Open): Promise<string> {
  return new Promise((resolve, reject) => {
    child.on('message', (message: Heard) => {
      if (message.kind === 'opened') resolve(message.linkType);
      if (message.kind === 'failed') reject(refusal(message.words, open.device));
    });
    // also for a message that found nobody, later: the end itself is told by `exit`
    child.on('error', (error) => reject(refusal(error.message, open.device)));
    child.on('exit', () => reject(new BeaconError('ERR_ENGINE', 'The process of the engine pcap ended before it was ready: run it again')));
    child.send(open);
  });
}

/** An engine that nobody closes holds no process back. */
function restFrom(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
}

function holdBy(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

/** Asked to end, it sends what it was told to send before; the package itself cannot close while nothing arrives. */
async function end(child: ChildProcess, exited: Promise<unknown>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  if (child.connected) child.send({ kind: 'close' } satisfies Told);
  const late = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS);
  await exited;
  clearTimeout(late);
}
