import type { Logger } from './logger.js';

/** Logs to the console of the browser. The message is never used as the format string, because it may contain text of a peer. */
export const consoleLogger: Logger = {
  debug: (message) => console.debug('%s', message),
  info: (message) => console.info('%s', message),
  warn: (message) => console.warn('%s', message),
  error: (message) => console.error('%s', message),
};
