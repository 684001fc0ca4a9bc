/**
 * The example of the original README: a kite that squares numbers.
 *
 *     npm run math -- --port 3636
 *     npx kitectl call square 4 --to http://localhost:3636/kite
 */
import { parseArgs } from 'node:util';
import { Kite, KiteError, type RemoteFunction } from 'kitectl';

const { values } = parseArgs({ options: { port: { type: 'string', default: '3636' } } });

const kite = new Kite('math', '1.0.0', { port: Number(values.port) });

kite
  .handle('square', ({ args: [n] }) => {
    if (typeof n !== 'number')
      throw new KiteError('argumentError', `square takes a number, not ${JSON.stringify(n)}`);
    return n * n;
  })
  .disableAuthentication();

// Answers with the arguments it was given, so that you can see how the command line reads yours.
kite.handle('echo', ({ args }) => args).disableAuthentication();

// A function among the arguments is the caller's: calling it sends a message back while the call goes on.
kite
  .handle('count', ({ args: [to, onCount] }) => {
    if (typeof to !== 'number' || typeof onCount !== 'function') {
      throw new KiteError('argumentError', 'count takes a number and a function');
    }
    for (let i = 0; i < to; i++) (onCount as RemoteFunction<[number]>)(i);
    return to;
  })
  .disableAuthentication();

await kite.run();
