/** The door to everything that runs a proxy: a file of its own in the program, since nothing else needs it. */
export { startProxy } from './proxy-start.js';
