/* Serves `work` until a signal, then prints how often it has run. Arguments: the library, and the time limit of the drain. */
const [, , library] = process.argv;
const { Kite } = await import(library);

const logger = {
  debug() {},
  info: (text) => console.log(text),
  warn: (text) => console.error(text),
  error: (text) => console.error(text),
};
const kite = new Kite('worker', '1.0.0', { port: 0, kiteKey: false, env: {}, logger });
let runs = 0;
let random = 1;
kite
  .handle('work', async () => {
    runs++;
    random = (random * 16_807) % 2_147_483_647;
    await new Promise((resolve) => setTimeout(resolve, random % 20));
    return runs;
  })
  .disableAuthentication();
await kite.run();
console.log(`runs: ${runs}`);
