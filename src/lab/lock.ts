/** One process at a time raises, breaks or takes down a lab of a name. */
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeaconError } from '../error.ts';

const LONGEST_WAIT_MS = 10_000;
const BETWEEN_TRIES_MS = 20;
/** All of sun_path: Node versions differ in how they end a shorter abstract name. */
const NAME_LENGTH = 107;

/**
 * Does the work while nobody else holds the lab's lock. The lock is an abstract socket: the kernel frees it with the process that
 * held it, however that ended. Throws BeaconError ERR_LAB after 10 s of waiting.
 */
export async function locked<Result>(lab: string, work: () => Promise<Result>): Promise<Result> {
  const server = await take(lab, Date.now() + LONGEST_WAIT_MS);
  try {
    return await work();
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

async function take(lab: string, untilMs: number): Promise<Server> {
  for (;;) {
    const server = await tryTake(`\0${`beacon-lab-${lab}`.padEnd(NAME_LENGTH, '.')}`);
    if (server) return server;
    if (Date.now() > untilMs)
      throw new BeaconError(
        'ERR_LAB',
        `Another process is changing lab ${lab} for more than ${LONGEST_WAIT_MS / 1000} s: wait for it or end it`,
      );
    await sleep(BETWEEN_TRIES_MS);
  }
}

const tryTake = (path: string): Promise<Server | null> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen({ path }, () => resolve(server));
  });
