// Builds the player's scripts into crates/web/assets, where they are committed: whoever builds the program needs no Node.js.
//
//   node build.mjs           write them
//   node build.mjs --check   check the types, build them elsewhere, and end with 1 where the committed ones differ or are too big
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url)), assets = join(here, '../../crates/web/assets');

/* What is built, for browsers how old, and how many bytes it may have, compressed. A whole page is allowed 60 000; these are our own ceilings.
   embed.js runs on pages of others, whose readers choose their browsers. */
const SCRIPTS = [
  { name: 'player.js', target: 'es2022', most: 12_000 },
  { name: 'embed.js', target: 'es2018', most: 3_000 },
];

const check = process.argv.includes('--check');
const into = check ? mkdtempSync(join(tmpdir(), 'soundpost-player-')) : assets;
const wrong = [];
try {
  if (check) {
    const types = spawnSync(process.execPath, [join(here, 'node_modules/typescript/bin/tsc'), '--project', here], { stdio: 'inherit' });
    if (types.status !== 0) wrong.push('the types do not fit (see above)');
  }
  for (const { name, target, most } of SCRIPTS) {
    await build({
      entryPoints: [join(here, 'src', name.replace(/js$/, 'ts'))],
      outfile: join(into, name),
      bundle: true,
      minify: true,
      format: 'iife',
      target,
      charset: 'utf8',
      banner: { js: `/* Soundpost, MIT OR Apache-2.0. Built from ui/player/src/${name.replace(/js$/, 'ts')} */` },
      logLevel: 'warning',
    });
    const bytes = readFileSync(join(into, name)), small = gzipSync(bytes, { level: 9 }).length;
    console.log(`${name}: ${bytes.length} bytes, ${small} compressed, of ${most}`);
    if (small > most) wrong.push(`${name} has ${small} bytes, compressed, and ${most} are its ceiling`);
    if (check && !bytes.equals(readFileSync(join(assets, name)))) wrong.push(`crates/web/assets/${name} is not what its source makes. Run: npm run build --prefix ui/player`);
  }
} finally {
  if (check) rmSync(into, { recursive: true });
}
for (const sentence of wrong) console.error(`player: ${sentence}`);
process.exit(wrong.length ? 1 : 0);
