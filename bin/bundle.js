/**
 * Bundles the command into a few files, dist/command: Node needs 0.4 ms to load a module, so the hundred small ones of dist/ would
 * take as long as a short trace. Commands that are not called stay in files of their own and are not read.
 */
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');

await build({
  entryPoints: [join(root, 'src/cli/main.ts')],
  outdir: join(root, 'dist/command'),
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true, // less to read; names stay, for the stacks of bug reports
  // CommonJS packages inside the bundle call require().
  banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" },
  logLevel: 'warning',
});
