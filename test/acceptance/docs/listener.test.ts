import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { cleanEnv, root, Running } from '../../helpers/cli/cli-harness.js';
import { blocksOf } from '../../helpers/docs/block-check.js';
import { allDocuments } from '../../helpers/docs/documents.js';

const blocks = blocksOf(allDocuments(), 'ts', 'js');

describe('the calls in the documentation', () => {
  it('no block discards the promise of a call, whose rejection would end the process', () => {
    const discarding = blocks.filter(({ text }) => /\bvoid \w+\??\.(?:tell|call)\(/.test(text));
    expect(discarding.map(({ document, line }) => `${document}:${line}`)).toEqual([]);
    console.log(`docs: ${blocks.length} blocks discard no call`);
  });

  it('a kite whose listener calls each new peer, as documented, survives a peer without that method', async () => {
    const [block] = blocks.filter(({ text }) => /kite\.on\('connect',[^]*tell\('alert'/.test(text));
    const folder = await mkdtemp(join(tmpdir(), 'kitectl-listener-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const library = pathToFileURL(join(root, 'src/lib/index.ts')).href;
    const text = block?.text.replace(`'kitectl'`, `'${library}'`).replace('port: 3636', 'port: 0') ?? '';
    const file = join(folder, 'kite.mts');
    await writeFile(file, text);
    const child = spawn(process.execPath, ['--import', 'tsx', file], { cwd: root, env: cleanEnv(folder) });
    const running = new Running(child);
    onTestFinished(async () => {
      child.kill();
      await running.outcome;
    });
    const address = /listens at (http:\S+)/;
    await running.until(({ stderr }) => address.test(stderr));
    const caller = new Kite('caller', '1.0.0', { env: {}, logger: silentLogger });
    const client = caller.newClient(address.exec(running.stderr)?.[1] ?? '', { auth: null });
    onTestFinished(() => client.close());
    await client.dial();
    await running.until(({ stderr }) => stderr.includes('Listener failed'));
    await expect(client.tell('kite.ping')).resolves.toBe('pong');
  });
});
