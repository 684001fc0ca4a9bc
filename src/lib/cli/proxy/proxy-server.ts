/** Entry point of the commands that run a proxy, which are bundled separately because no other command needs them. */
export { startProxy } from './proxy-start.js';
