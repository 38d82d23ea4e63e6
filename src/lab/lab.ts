/** A network of kernel routers that is up: what can be asked of it and done to it. */
import type { ChildProcess } from 'node:child_process';
import type { Behaviour } from '../topology/behaviour.ts';
import type { Counters } from '../topology/counters.ts';
import type { Fault } from '../topology/fault.ts';
import type { Topology } from '../topology/topology.ts';

/** Disposing takes the lab down. */
export interface Lab extends AsyncDisposable {
  readonly name: string;
  readonly topology: Topology;
  /** Throws BeaconError ERR_USAGE for a node that is not there, as everything below does. */
  namespaceOf(node: string): string;
  /** Runs a command on a node and collects what it prints; its exit code is data. */
  exec(node: string, argv: readonly string[], options?: ExecOptions): Promise<Executed>;
  /** Starts a command on a node with our own terminal; the caller waits for its end. */
  start(node: string, argv: readonly string[]): ChildProcess;
  /**
   * Replaces what is wrong with the packets that `from` sends into a link; null: both ends. `clear` restores the link and the
   * routes it had. Counters of that direction begin anew. `down` takes both ends: a link has one carrier.
   */
  fault(link: string, from: string | null, fault: Fault | 'down' | 'clear'): Promise<void>;
  /** Replaces what a router does besides forwarding; `clear`: what the topology says. The vantage is none. */
  behave(node: string, behaviour: Behaviour | 'clear'): Promise<void>;
  counters(): Promise<Counters>;
  down(): Promise<void>;
}

export interface ExecOptions {
  /** Ends the command (SIGKILL); its code is then null. */
  readonly timeoutMs?: number;
  /** What it reads from stdin; else nothing. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Executed {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
