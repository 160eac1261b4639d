// SPDX-License-Identifier: MPL-2.0
// What a visitor with a slow line has to fetch, compared with what was promised; above it the build fails.
import {readFileSync, readdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist');
const assets = join(dist, 'assets');
const size = (file) => gzipSync(readFileSync(join(assets, file)), {level: 9}).length;
const sizes = (end) => readdirSync(assets).filter((file) => file.endsWith(end)).map((file) => ({file, bytes: size(file)}));
const total = (list) => list.reduce((sum, {bytes}) => sum + bytes, 0);

const page = readFileSync(join(dist, 'index.html'), 'utf8');
const scripts = sizes('.js');
// The entry, and what the page loads with it at once.
const entry = total(scripts.filter(({file}) => page.includes(file)));
const limits = [
  ['entry', entry, 60_000],
  ['all script', total(scripts), 150_000],
  ['style', total(sizes('.css')), 20_000],
];
for (const [what, bytes, most] of limits) {
  console.log(`${what}: ${bytes} bytes of at most ${most} (gzip)`);
  if (bytes > most) process.exitCode = 1;
}
if (/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=/i.test(page)) {
  console.error('index.html holds a script or a style, which the Content-Security-Policy refuses');
  process.exitCode = 1;
}
