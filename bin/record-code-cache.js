// record-code-cache.js DIST ARGS…: runs the program in DIST, and writes what V8 made of it meanwhile into its code caches.
// What is there already is kept: V8 takes it in first.
'use strict';

const { mkdirSync, renameSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { cacheFolder, load } = require('./load.js');

const [dist] = process.argv.splice(2, 1);
const scripts = new Map();

process.on('exit', () => {
  const folder = cacheFolder(dist);
  mkdirSync(folder, { recursive: true });
  for (const [file, script] of scripts) {
    const cache = path.join(folder, `${path.basename(file)}.bin`);
    writeFileSync(`${cache}.new`, script.createCachedData());
    renameSync(`${cache}.new`, cache);
  }
});

void load(path.join(dist, 'cli.cjs'), (file, script) => scripts.set(file, script)).run(
  path.join(__dirname, '..'),
);
