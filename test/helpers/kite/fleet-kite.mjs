// A kite at a port that notes each call which it runs in a file, so that calls that ran twice are found although it was killed.
import { openSync, writeSync } from 'node:fs';
import { Kite } from '../../../dist/lib/index.js';

const [port, file] = process.argv.slice(2);
const notes = openSync(file, 'a');
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const kite = new Kite('fleet', '1.0.0', {
  port: Number(port),
  kiteKey: false,
  env: {},
  logger: silent,
});
for (const method of ['once', 'again']) {
  kite
    .handle(method, ({ args: [id] }) => {
      writeSync(notes, `${method} ${String(id)}\n`);
      return id;
    })
    .disableAuthentication();
}
await kite.run();
