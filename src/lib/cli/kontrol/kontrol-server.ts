/** Entry point of the commands that open Kontrol's storage, which are bundled separately because no other command needs it. */
export { resealKeys } from './reseal.js';
export { startKontrol } from './kontrol-start.js';
export { exportStorage, importStorage } from './export-import.js';
