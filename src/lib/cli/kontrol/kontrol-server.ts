/** The door to everything that opens a store of Kontrol's: a file of its own in the program, since nothing else needs it. */
export { resealKeys } from './reseal.js';
export { startKontrol } from './kontrol-start.js';
