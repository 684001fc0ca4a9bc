import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openAuditOutput } from '../../../../src/lib/cli/kontrol/audit-output.js';
import type { AuditEntry } from '../../../../src/lib/kontrol.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';
import { Sink, testRuntime } from '../../../helpers/cli/test-runtime.js';

function entry(target: string): AuditEntry {
  return {
    time: '2026-01-02T03:04:05.678Z',
    action: 'revoke',
    method: 'm',
    user: 'bob',
    address: '',
    target,
  };
}

it('the audit log continues an existing file, one line of JSON for each entry', async () => {
  const file = join(temporaryFolder(), 'audit.jsonl');
  for (const target of ['one', 'two\nlines']) {
    const output = await openAuditOutput(file, silentLogger, testRuntime());
    output.write(entry(target));
    await output.close();
  }
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([entry('one'), entry('two\nlines')]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('the audit log cannot be opened in a folder that does not exist', async () => {
  const file = join(temporaryFolder(), 'nowhere', 'audit.jsonl');
  await expect(openAuditOutput(file, silentLogger, testRuntime())).rejects.toThrow('ENOENT');
});

it('the audit log - is standard output', async () => {
  const stdout = new Sink();
  const output = await openAuditOutput('-', silentLogger, { stdout });
  output.write(entry('one'));
  await output.close();
  expect(JSON.parse(stdout.text)).toEqual(entry('one'));
});
