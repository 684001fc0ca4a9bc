import { afterAll, beforeAll, expect, it } from 'vitest';
import { Network } from '../../helpers/cli/cli-network.js';
import { startExample } from '../../helpers/process/example.js';

let network: Network;

beforeAll(async () => {
  network = await Network.create();
});

afterAll(() => network.close());

it('the example proxy-embedded runs a reverse proxy, through which a kite is called', async () => {
  const { code, stdout } = await startExample('proxy-embedded', { home: network.cli.home }).outcome;
  const [listening = '', registered, ...others] = stdout.split('\n');
  const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(listening) ?? [];
  expect(listening).toBe(`the reverse proxy listens at ${origin}/kite`);
  expect(registered).toMatch(new RegExp(`^math is registered at ${origin}/proxy/[\\w-]+$`));
  expect(others).toEqual([
    'math squares 4: 16',
    expect.stringMatching(/^behind the proxy: .*math.*, 1 session$/),
    '',
  ]);
  expect(code).toBe(0);
});
