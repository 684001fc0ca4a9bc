// record-code-cache.js DIST ARGS…: runs the program in DIST, and adds the functions that V8 compiled to its code caches.
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
