import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Network } from '../../helpers/cli/cli-network.js';

let network: Network;
beforeAll(async () => {
  network = await Network.create();
});
afterAll(() => network.close());

const served = ['serve', '--no-auth', '--json', '--method', 'one', '--exec', 'echo 1', '--register'];

describe('the URL that serve registers', () => {
  it.each([
    [
      '--advertise',
      ['--advertise', 'https://math.example.com:8443'],
      {},
      'https://math.example.com:8443/kite',
    ],
    ['--advertise with a path', ['--advertise', 'http://lb/math/kite'], {}, 'http://lb/math/kite'],
    ['KITE_ADVERTISE_URL', [], { KITE_ADVERTISE_URL: 'http://10.0.0.9/' }, 'http://10.0.0.9/kite'],
  ])('serve registers the URL of %s', async (name, args, env, url) => {
    const kite = name.replaceAll(/\W/g, '');
    const running = network.cli.start([...served, '--name', kite, ...args], { env });
    onTestFinished(async () => {
      running.child.kill('SIGTERM');
      await running.outcome;
    });
    await running.until(({ stdout }) => stdout.includes('\n'));
    const { stdout } = await network.cli.run(['query', `/bob/unknown/${kite}`, '--json']);
    expect(JSON.parse(stdout)).toMatchObject([{ url }]);
  });

  it('serve rejects an advertised URL without --register', async () => {
    const { code, stderr } = await network.cli.run([
      'serve',
      '--method',
      'a',
      '--exec',
      'b',
      '--advertise',
      'http://a',
    ]);
    expect(code).toBe(2);
    expect(stderr).toContain('--register');
  });
});

/** Runs a script in which this machine has only an IPv6 address, fd00::9, with the name kontrol.test. */
async function onIpv6(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const folder = join(network.cli.home, `ipv6-${Math.trunc(performance.now())}`);
  await mkdir(folder);
  await writeFile(join(folder, 'hosts'), '::1 localhost\nfd00::9 kontrol.test\n');
  await writeFile(
    join(folder, 'script'),
    `set -e
    mount --bind ${folder}/hosts /etc/hosts
    ip link set lo up
    ip addr add fd00::9/128 dev lo nodad
    cd ${folder}
    export KITE_HOME=${folder}/.kite
    kitectl() { "$NODE" "$BIN" "$@"; }
    "$NODE" "$BIN" kontrol start --ip :: --kontrolurl http://kontrol.test:4000/kite --json > kontrol.out 2> kontrol.err &
    kontrol=$!
    until grep -q url kontrol.out; do sleep 0.05; done
    key=$KITE_HOME/kontrol/kite.key
    ${script}
    kill $kontrol
    wait`,
  );
  return network.cli.shell(`exec unshare --net --mount bash ${folder}/script`);
}

describe('on a network with IPv6 only', () => {
  it('serve registers an IPv6 address that others can call', async () => {
    const { code, stdout, stderr } = await onIpv6(`
      "$NODE" "$BIN" serve --ip :: --name math --no-auth --method one --exec 'echo 1' --register --key-file $key --json > serve.out 2> serve.err &
      serve=$!
      until grep -q url serve.out; do sleep 0.05; done
      kitectl query /kontrol/unknown/math --key-file $key --json
      kitectl call one --to /kontrol/unknown/math --key-file $key
      cat serve.err
      kill $serve`);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/"url":"http:\/\/\[fd00::9\]:\d+\/kite"/);
    expect(stdout).toMatch(/^1$/m);
    expect(stdout).not.toContain('cannot reach');
  });

  it('serve warns if the address that it registers is of another family than the one on which it listens', async () => {
    const { code, stdout } = await onIpv6(`
      "$NODE" "$BIN" serve --ip 0.0.0.0 --name math --no-auth --method one --exec 'echo 1' --register --key-file $key --json > serve.out 2> serve.err &
      serve=$!
      until grep -q url serve.out; do sleep 0.05; done
      cat serve.err
      kill $serve`);
    expect(code).toBe(0);
    expect(stdout).toContain('math registers fd00::9, but listens on IPv4 addresses only (0.0.0.0)');
  });

  it('serve warns if it registers a loopback address with a Kontrol on another machine', async () => {
    const { code, stdout } = await onIpv6(`
      "$NODE" "$BIN" serve --ip ::1 --name math --no-auth --method one --exec 'echo 1' --register --key-file $key --json > serve.out 2> serve.err &
      serve=$!
      until grep -q url serve.out; do sleep 0.05; done
      cat serve.err
      kill $serve`);
    expect(code).toBe(0);
    expect(stdout).toContain('at which other machines cannot reach it: listen on all addresses');
  });
});
