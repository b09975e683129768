// Bundles the extension into dist/, or with `--tests` the unit tests into out/. What every workspace with Python code loads is a small
// file of its own.
import { build } from 'esbuild';
import { readdirSync } from 'node:fs';

const common = { bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'warning' };

if (process.argv.includes('--tests')) {
  const tests = readdirSync('test').filter((name) => name.endsWith('.test.ts'));
  await build({ ...common, entryPoints: tests.map((name) => `test/${name}`), outdir: 'out', sourcemap: 'inline' });
} else {
  const parts = { ...common, outdir: 'dist', minify: true, supported: { 'dynamic-import': false } }; // require() takes a name without .js
  await build({ ...parts, entryPoints: ['src/extension.ts'], external: ['vscode', './manager'] });
  await build({ ...parts, entryPoints: ['src/manager.ts'], external: ['vscode'] });
}
