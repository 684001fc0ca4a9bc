import type * as Library from '../../../src/lib/browser.js';
import type * as CoreLibrary from '../../../src/lib/browser-core.js';
import type * as ServiceLibrary from '../../../src/lib/browser-service.js';
import type * as WebRtcLibrary from '../../../src/lib/browser-webrtc.js';
import type { ManualClock } from '../../../src/lib/testing/manual-clock.js';

/** The globals for functions that run in a page: `page.evaluate` sends their source, without their scope. */
export interface PageGlobals {
  kitectl: typeof Library;
  kite: Library.Kite;
  client: Library.Client;
  kontrol: Library.KontrolClient;
  ManualClock: typeof ManualClock;
  clock: ManualClock;
  events: string[];
}

/** The globals of pages that load the smallest library. */
export interface CoreGlobals {
  kitectl: typeof CoreLibrary;
}

/** The globals of pages that load the library with services. */
export interface ServiceGlobals {
  kitectl: typeof ServiceLibrary;
  kite: ServiceLibrary.Kite;
  service: ServiceLibrary.Service;
}

/** The globals of pages that load the library with WebRTC. */
export interface WebRtcGlobals {
  kitectl: typeof WebRtcLibrary;
  kite: WebRtcLibrary.Kite;
  client: WebRtcLibrary.Client;
  kontrol: WebRtcLibrary.KontrolPeer;
  events: string[];
}
