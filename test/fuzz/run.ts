/** `npm run fuzz [-- SECONDS [SEED]]`: 60 s, and a seed that is printed, unless they are given. */
import { fuzz } from './rounds.ts';

const [seconds = 60, first = Date.now() & 0x7fffffff] = process.argv.slice(2).map(Number);
console.log(`fuzzing for ${seconds} s from seed ${first}`);
console.log(await fuzz(seconds, first));
