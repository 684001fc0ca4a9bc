/** Entry point of the commands for installed kites, which are bundled separately because no other command needs them. */
export { install } from './install.js';
export { listKites } from './list-kites.js';
export { runKite } from './run-kite.js';
export { uninstall } from './uninstall.js';
