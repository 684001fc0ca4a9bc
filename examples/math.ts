/**
 * A kite with one method. It serves calls until it is interrupted.
 *
 *     node examples/math.js --port 3636
 *     npx kitectl call square 4 --to http://localhost:3636/kite
 */
import { parseArgs } from 'node:util';
import { Kite, KiteError } from 'kitectl';

const { values } = parseArgs({ options: { port: { type: 'string', default: '3636' } } });

const kite = new Kite('math', '1.0.0', { port: Number(values.port) });

kite
  .handle('square', ({ args: [n] }) => {
    if (typeof n !== 'number') {
      throw new KiteError('argumentError', `square takes a number, not ${JSON.stringify(n)}.`);
    }
    return n * n;
  })
  // Anyone who can reach the port may call it. Without this line, callers must authenticate.
  .disableAuthentication();

await kite.run();
