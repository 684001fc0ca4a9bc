import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCommands } from '../../../../scripts/build/command-parts.js';

describe('a new file in src/commands', () => {
  let repository: string;

  const FILES = {
    'src/commands/near.ts': `import { name } from '../lib/name.js'; export default { name, aliases: [], hiddenAliases: [] };`,
    'src/commands/group/far.ts': `export default { run: () => import('../../lib/deep.js'), aliases: ['group:other'], hiddenAliases: ['away'] };`,
    'src/lib/name.ts': `export const name = 'near';`,
    'src/lib/deep.ts': `import { dial } from './dial.js'; export const call = () => dial();`,
    'src/lib/dial.ts': `import { WebSocket } from 'ws'; export const dial = () => new WebSocket('ws://localhost');`,
  };

  beforeAll(async () => {
    repository = await mkdtemp(join(tmpdir(), 'kitectl-commands-'));
    for (const [file, text] of Object.entries(FILES)) {
      await mkdir(dirname(join(repository, file)), { recursive: true });
      await writeFile(join(repository, file), text);
    }
  });

  afterAll(() => rm(repository, { recursive: true, force: true }));

  it('a new file in src/commands is a command with its aliases, and local unless it loads the client of kites', async () => {
    expect(await findCommands(repository)).toEqual([
      { id: 'group far', module: 'commands/group/far', aliases: ['away', 'group other'], local: false },
      { id: 'near', module: 'commands/near', aliases: [], local: true },
    ]);
  });
});
