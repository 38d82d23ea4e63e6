/**
 * Bundles the command into one file, dist/command/main.js: Node needs 0.4 ms to load a module, so the hundred small ones of dist/ would
 * take as long as a short trace. Rooms that are imported when they are needed are in it too, and are not run before.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

rmSync(join(root, 'dist/command'), { recursive: true, force: true }); // what another version left
await build({
  entryPoints: [join(root, 'src/cli/main.ts')],
  outdir: join(root, 'dist/command'),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true, // less to read; names stay, for the stacks of bug reports
  // CommonJS packages inside the bundle call require().
  banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" },
  logLevel: 'warning',
});
