import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { Network } from '../../helpers/cli/cli-network.js';
import { startExample } from '../../helpers/process/example.js';

let network: Network;

beforeAll(async () => {
  network = await Network.create();
});

afterAll(() => network.close());

it('the example query-and-watch calls the kites that it finds and reports those that come and go', async () => {
  const first = await network.register();
  onTestFinished(() => first.kite.close());
  const example = startExample('query-and-watch', { home: network.cli.home });
  await example.until(({ stdout }) => stdout.includes('watching'));
  expect(example.stdout).toMatch(
    new RegExp(`^found 1\n/bob/prod/math/\\S+ at ${first.url}: 16\nwatching, with 1 registered now\n$`),
  );

  const second = await network.register();
  const path = `/bob/prod/math/1.0.0/\\S+/${second.kite.identity.id}`;
  await example.until(({ stdout }) => new RegExp(`^REGISTER ${path}$`, 'm').test(stdout));
  await second.kite.close();
  await example.until(({ stdout }) => new RegExp(`^DEREGISTER ${path}$`, 'm').test(stdout));
  example.child.kill('SIGINT');
  expect((await example.outcome).code).toBe(0);
});
