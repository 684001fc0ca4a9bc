/** The door to everything about installed kites: a file of its own in the program, since nothing else needs it. */
export { install } from './kites/install.js';
export { list } from './kites/list.js';
export { run } from './kites/run.js';
export { uninstall } from './kites/uninstall.js';
