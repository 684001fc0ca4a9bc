'use strict';

// In the syntax of old versions of Node, which have to be able to read this file.

/** The oldest version of Node that runs kitectl, as in "engines" of package.json. */
var OLDEST = [20, 19];

/** Exits with an error if this Node is too old. */
exports.checkNode = function checkNode() {
  var version = process.versions.node;
  var parts = version.split('.').map(Number);
  if (parts[0] > OLDEST[0] || (parts[0] === OLDEST[0] && parts[1] >= OLDEST[1])) return;
  var error = `error: kitectl needs Node ${OLDEST.join('.')} or newer; this is Node ${version}.`;
  var hint = 'hint: Install a newer version, from https://nodejs.org or with your version manager.';
  process.stderr.write(`${error}\n${hint}\n`);
  process.exit(3);
};
