/** The door to everything that runs a Kontrol: a file of its own in the program, since nothing else needs it. */
export { startKontrol } from './kontrol/start.js';
