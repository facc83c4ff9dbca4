// Bundles our scripts and styles with their npm packages into ../static/dist, under names that carry a hash.
import * as esbuild from 'esbuild';
import {existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
process.chdir(here);
const dist = '../static/dist', fresh = '../static/dist.new';
rmSync(fresh, {recursive: true, force: true});

const built = await esbuild.build({
  absWorkingDir: here,
  entryPoints: ['desk.js', 'site.css'], bundle: true, minify: true, format: 'iife', outdir: fresh,
  target: ['chrome109', 'firefox115', 'safari15.4'], entryNames: '[name]-[hash]', metafile: true, legalComments: 'none',
});

const manifest = {};
for (const [file, output] of Object.entries(built.metafile.outputs))
  if (output.entryPoint) manifest[output.entryPoint] = path.basename(file);
writeFileSync(`${fresh}/manifest.json`, JSON.stringify(manifest, null, 1));

// the licences of what was bundled go along with it
const {dependencies} = JSON.parse(readFileSync('package.json', 'utf8'));
const texts = Object.keys(dependencies).map(name => {
  const folder = `node_modules/${name}`;
  const file = readdirSync(folder).find(f => /^licen[cs]e/i.test(f));
  return `${name} ${JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).version}\n\n${file ? readFileSync(`${folder}/${file}`, 'utf8') : ''}`;
});
writeFileSync(`${fresh}/THIRD-PARTY.txt`, texts.join('\n\n'));

rmSync(dist, {recursive: true, force: true});
if (existsSync(fresh)) renameSync(fresh, dist);
console.log(manifest);
