import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Network } from '../../helpers/cli/cli-network.js';

let network: Network;
let math: string;
let kontrol: string;

beforeAll(async () => {
  network = await Network.create();
  math = new URL((await network.register()).url).origin;
  kontrol = new URL(network.kontrol.url).origin;
});

afterAll(() => network.close());

/** Commands with the URL of a kite (MATH) or of Kontrol (KONTROL) that has no path, and what they print. */
const LINES: readonly (readonly [line: string, prints: RegExp])[] = [
  ['call square 4 --to MATH', /^16$/m],
  ['call square 4 --to MATH/', /^16$/m],
  ['call whoami --to MATH', /^"bob"$/m],
  ['tell --method square 4 --to MATH', /^16$/m],
  ['ping --to MATH', / ms$/m],
  ['describe --to MATH', /^square\t/m],
  ['bench square 4 --to MATH --duration 100ms', /^throughput\t/m],
  ['query --kontrol KONTROL', /\/bob\/prod\/math\//],
  ['token /bob/prod/math --kontrol KONTROL', /^eyJ/],
  ['call square 4 --to /bob/prod/math --kontrol KONTROL', /^16$/m],
  ['doctor --kontrol KONTROL', /^token\tok\t/m],
];

describe('a URL without the path of a kite', () => {
  it.each(LINES)('kitectl %s tries /kite and reports it once', async (line, prints) => {
    const args = line.split(' ').map((word) => word.replace('MATH', math).replace('KONTROL', kontrol));
    const { code, stdout, stderr } = await network.cli.run(args);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(
        /^note: There is no kite at http:\/\/127\.0\.0\.1:\d+\/?; connected to http:\/\/127\.0\.0\.1:\d+\/kite\n$/,
      ) as string,
    });
    expect(stdout).toMatch(prints);
  });

  it('the error for a server without a kite names the URL that the user has typed', async () => {
    const server = createServer((_request, response) => response.writeHead(404).end());
    onTestFinished(() => void server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, stderr } = await network.cli.run(['call', 'square', '4', '--to', url]);
    expect(code).toBe(5);
    expect(stderr).toContain(`Cannot connect to ${url}/: no kite at this path (HTTP 404)`);
    expect(stderr).toContain(`hint: Check the URL: there is no kite at ${url}/kite either.`);
    expect(stderr).not.toContain('note:');
  });

  it('register tries /kite at a URL without a path', async () => {
    const args = ['register', '--to', kontrol, '--username', 'eve', '--context', 'eve', '--invite-file', '-'];
    const { code, stderr } = await network.cli.run(args, { input: 'wrong\n' });
    expect(code).toBe(4);
    expect(stderr).toMatch(/^note: There is no kite at \S+; connected to \S+\/kite$/m);
    expect(stderr).toContain('hint: Get an invite from the operator of Kontrol');
  });
});
