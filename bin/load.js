'use strict';

const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { Script } = require('node:vm');

/**
 * Returns the folder with the code caches of the programs in `dist` for this Node. A cache works only with the version of V8 that
 * created it, so each version has its own folder.
 */
exports.cacheFolder = (dist) =>
  path.join(dist, 'code-cache', `${process.versions.v8}-${process.platform}-${process.arch}`);

/**
 * Requires a program in `dist`, and the programs that it requires, with their code caches. Without a cache that V8 accepts, it
 * works like `require`.
 *
 * `onScript` is called with each file and its script. The build uses it to create the caches.
 */
exports.load = function load(file, onScript) {
  const cachedData = read(path.join(exports.cacheFolder(path.dirname(file)), `${path.basename(file)}.bin`));
  if (!cachedData && !(onScript && isCacheable(file))) return require(file);
  // The wrapper of Node. V8 rejects the cache if the source differs by a single line.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`;
  const script = new Script(source, {
    // The cache contains the file name from the time of the build. `join` creates a new string: V8 would retain the whole
    // path if this were a slice of it.
    filename: ['kitectl', 'dist', path.basename(file)].join('/'),
    cachedData,
  });
  onScript?.(file, script);
  const module = { exports: {} };
  const requireFrom = createRequire(file);
  const loaded = new Map();
  const requireHere = (id) => {
    if (!/^\.\/[^/]+\.cjs$/.test(id)) return requireFrom(id);
    if (!loaded.has(id)) loaded.set(id, load(path.join(path.dirname(file), id), onScript));
    return loaded.get(id);
  };
  Object.assign(requireHere, requireFrom);
  script
    .runInThisContext()
    .call(module.exports, module.exports, requireHere, module, file, path.dirname(file));
  return module.exports;
};

/** `import()` works only in modules that Node itself has loaded. */
function isCacheable(file) {
  return path.basename(file) !== 'import-module.cjs';
}

function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
