import { isKiteError, Kite, KiteError, kitePath } from './browser-webrtc.js';

// What a page that loads the library with a plain <script> finds as `kitectl`.
Object.assign(globalThis, { kitectl: { isKiteError, Kite, KiteError, kitePath } });
