/** A short round of what `npm run fuzz` does for longer: the seeds that are kept, and as many from a random one as ten seconds allow. */
import { test } from 'uvu';
import { fuzz } from './rounds.ts';

const SECONDS = 10;

test('bent captures make no reader throw, hang or grow', async () => {
  console.log(await fuzz(SECONDS, Date.now() & 0x7fffffff));
});

test.run();
