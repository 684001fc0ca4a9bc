'use strict';

const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { Script } = require('node:vm');

/**
 * Where the code caches for this Node are, of the programs in the folder `dist`: what V8 made of their source when they were
 * built. Another V8 can do nothing with it, so that each has a folder of its own.
 */
exports.cacheFolder = (dist) =>
  path.join(dist, 'code-cache', `${process.versions.v8}-${process.platform}-${process.arch}`);

/**
 * `require` for a program in `dist`, and for those that it requires in turn: faster where there is a code cache for this
 * Node, and just the same where there is none or V8 does not want it.
 *
 * `keep` is for the build, which makes the caches: it gets each file and its script, whether there is a cache or not.
 */
exports.load = function load(file, keep) {
  const cachedData = read(path.join(exports.cacheFolder(path.dirname(file)), `${path.basename(file)}.bin`));
  if (!cachedData && !(keep && mayBeCached(file))) return require(file);
  // As Node wraps it. One line less would be another source than the one that was cached.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`;
  const script = new Script(source, {
    // The cache says where its source was when it was made, whatever stands here later. Joined, because V8 would keep all of
    // the path of which a piece is only cut out.
    filename: ['kitectl', 'dist', path.basename(file)].join('/'),
    cachedData,
  });
  keep?.(file, script);
  const module = { exports: {} };
  const requireFrom = createRequire(file);
  const loaded = new Map();
  const requireHere = (id) => {
    if (!/^\.\/[^/]+\.cjs$/.test(id)) return requireFrom(id);
    if (!loaded.has(id)) loaded.set(id, load(path.join(path.dirname(file), id), keep));
    return loaded.get(id);
  };
  Object.assign(requireHere, requireFrom);
  script
    .runInThisContext()
    .call(module.exports, module.exports, requireHere, module, file, path.dirname(file));
  return module.exports;
};

/** `import()` works only in what Node itself has loaded. */
function mayBeCached(file) {
  return path.basename(file) !== 'import-module.cjs';
}

function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
