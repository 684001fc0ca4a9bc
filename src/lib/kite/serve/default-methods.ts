import type { Logger } from '../../util/logger.js';
import type { HandleOptions, MethodHost } from './method-host.js';

/** Adds the methods of every kite, in Node and in a page: `kite.ping`, `kite.describe` and `kite.log`. */
export function addDefaultMethods(kite: MethodHost, logger: Logger): void {
  const described = (description: string): HandleOptions => ({ description });
  kite.handle('kite.ping', described('Returns "pong".'), () => 'pong').disableAuthentication();
  kite.handle('kite.describe', described('Returns the methods of this kite.'), async (request) => {
    const { client } = request;
    const { extensions, ...description } = await kite.describeTo(request);
    return client.extensions?.size ? { ...description, extensions } : description;
  });
  kite.handle('kite.log', described('Writes a message to the log of this kite.'), ({ args, username }) => {
    const [text] = args;
    logger.info(`${username || 'a remote kite'}: ${typeof text === 'string' ? text : JSON.stringify(text)}`);
    return null;
  });
}
