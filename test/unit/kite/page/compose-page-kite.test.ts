import { expect, it, onTestFinished } from 'vitest';
import { PageKite } from '../../../../src/lib/kite/page/page-kite.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';

it.each([
  ['ca', 'x'],
  ['cert', 'x'],
  ['key', 'x'],
  ['insecure', true],
  ['headers', {}],
])('a client in a page rejects the option %s, which only the browser decides', async (name, value) => {
  const kite = new PageKite('page', '1.0.0', { logger: silentLogger });
  onTestFinished(() => kite.close());
  const client = kite.newClient('http://127.0.0.1:1/kite', { [name]: value });
  await expect(client.dial()).rejects.toMatchObject({
    code: 'badValue',
    message: `Pages do not support ${name}`,
  });
});
