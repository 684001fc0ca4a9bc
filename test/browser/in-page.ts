/** What the functions find that run in a page: `page.evaluate` sends their text there, and nothing of what is around them. */
export interface PageGlobals {
  kitectl: typeof import('../../src/lib/browser.js');
  kite: import('../../src/lib/browser.js').Kite;
  client: import('../../src/lib/browser.js').Client;
  kontrol: import('../../src/lib/browser.js').KontrolClient;
  ManualClock: typeof import('../../src/lib/testing/manual-clock.js').ManualClock;
  clock: import('../../src/lib/testing/manual-clock.js').ManualClock;
  events: string[];
}
