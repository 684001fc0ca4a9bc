/** The door to everything about installed kites: a file of its own in the program, since nothing else needs it. */
export { install } from './install.js';
export { list } from './list-kites.js';
export { run } from './run-kite.js';
export { uninstall } from './uninstall.js';
