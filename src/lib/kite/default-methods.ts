import type { Logger } from '../util/logger.js';
import type { KiteCore } from './core.js';

/** The methods that every kite answers, in Node and in a page: `kite.ping` and `kite.log`. */
export function addDefaultMethods<Methods>(kite: KiteCore<Methods>, logger: Logger): void {
  kite.handle<unknown[]>('kite.ping', () => 'pong').disableAuthentication();
  kite.handle<unknown[]>('kite.log', ({ args: [text], username }) => {
    logger.info(`${username || 'a remote kite'}: ${typeof text === 'string' ? text : JSON.stringify(text)}`);
    return null;
  });
}
