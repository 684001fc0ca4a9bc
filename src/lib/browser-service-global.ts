import { isKiteError, Kite, KiteError, kitePath } from './browser-service.js';

// The global `kitectl` of pages that load the library with a plain <script>.
Object.assign(globalThis, { kitectl: { isKiteError, Kite, KiteError, kitePath } });
