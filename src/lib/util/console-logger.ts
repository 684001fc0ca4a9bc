import type { Logger } from './logger.js';

/** Writes to the console of the browser. What a peer sends is never taken for a format. */
export const consoleLogger: Logger = {
  debug: (message) => console.debug('%s', message),
  info: (message) => console.info('%s', message),
  warn: (message) => console.warn('%s', message),
  error: (message) => console.error('%s', message),
};
