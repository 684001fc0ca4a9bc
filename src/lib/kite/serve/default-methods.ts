import type { Logger } from '../../util/logger.js';
import type { HandleOptions, MethodHost } from './method-host.js';

/** The methods that every kite answers, in Node and in a page: `kite.ping`, `kite.describe` and `kite.log`. */
export function addDefaultMethods(kite: MethodHost, logger: Logger): void {
  const told = (description: string): HandleOptions<unknown[]> => ({ description });
  kite.handle('kite.ping', told('Answers "pong".'), () => 'pong').disableAuthentication();
  kite.handle('kite.describe', told('The methods of this kite.'), () => kite.describe());
  kite.handle('kite.log', told('Writes a line to the log of this kite.'), ({ args: [text], username }) => {
    logger.info(`${username || 'a remote kite'}: ${typeof text === 'string' ? text : JSON.stringify(text)}`);
    return null;
  });
}
