import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  COMPLETION_ENTRIES,
  COMPLETION_VALUES,
  HISTORY_LENGTH,
  HISTORY_LINE_LENGTH,
  LAST_LINE_BYTES,
  PEM_FILE_BYTES,
  PROBES,
  SETTING_FILE_LENGTH,
  SHELL_NAMES,
} from '../../../../src/lib/cli/runtime/command-limits.js';
import { CompletionCache } from '../../../../src/lib/cli/completion/completion-cache.js';
import { readSettingFile } from '../../../../src/lib/cli/kontrol/setting-file.js';
import { LastLine } from '../../../../src/lib/cli/runtime/last-line.js';
import { History } from '../../../../src/lib/cli/shell/history.js';
import { ShellCompletion } from '../../../../src/lib/cli/shell/shell-completion.js';
import { kontrolStartSettings } from '../../../../src/lib/cli/settings/kontrol-start-settings.js';
import { selectKite } from '../../../../src/lib/cli/target/discovery.js';
import { readPem } from '../../../../src/lib/cli/target/read-pem.js';
import { found } from '../../../helpers/cli/found-kites.js';
import { testRuntime } from '../../../helpers/cli/test-runtime.js';
import { temporaryFolder } from '../../../helpers/process/temporary-folder.js';

function temporaryFile(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kitectl-limits-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, name);
}

describe('the limits of commands', () => {
  it('the limits of commands bound the history of the shell', async () => {
    const history = new History(temporaryFile('history'));
    expect(await history.add('x'.repeat(HISTORY_LINE_LENGTH + 1))).toBe('tooLong');
    expect(await history.add('x'.repeat(HISTORY_LINE_LENGTH))).toBe('created');
    for (let n = 0; n < HISTORY_LENGTH; n++) await history.add(`line ${n}`);
    const lines = await history.read();
    expect(lines).toHaveLength(HISTORY_LENGTH);
    expect(lines.at(-1)).toBe('line 0');
  });

  it('the limits of commands bound the size of a PEM file', async () => {
    const file = temporaryFile('key.pem');
    writeFileSync(file, 'x'.repeat(PEM_FILE_BYTES + 1));
    expect(await readPem(file, false)).toHaveLength(PEM_FILE_BYTES);
  });

  it('the limits of commands bound the output that is searched for its last line', () => {
    const line = new LastLine();
    line.add(Buffer.from('y'.repeat(2 * LAST_LINE_BYTES)));
    expect(line.text()).toHaveLength(LAST_LINE_BYTES);
  });

  it('the limits of commands bound the kites that are asked at a time', async () => {
    const kites = Array.from({ length: PROBES + 14 }, (_, n) => found(`kite-${n}`));
    let asking = 0;
    let most = 0;
    const probe = async ({ kite }: { kite: { name: string } }): Promise<boolean> => {
      most = Math.max(most, ++asking);
      await Promise.resolve();
      asking--;
      return kite.name === 'kite-9';
    };
    expect(await selectKite(kites, testRuntime(), probe, 0)).toEqual(found('kite-9'));
    expect(most).toBe(PROBES);
  });

  it('the limits of commands bound the method names that the shell completes', () => {
    const completion = new ShellCompletion();
    for (let n = 0; n <= SHELL_NAMES; n++) completion.addMethod(`method-${n}`);
    const [names] = completion.complete('');
    expect(names).toContain('method-0');
    expect(names).not.toContain(`method-${SHELL_NAMES}`);
    expect(names.length).toBeLessThanOrEqual(SHELL_NAMES);
  });

  it('the limits of commands bound the results that completion caches', async () => {
    let now = 0;
    let queries = 0;
    const cache = new CompletionCache({ XDG_CACHE_HOME: temporaryFolder() }, () => now);
    const get = (question: number): Promise<readonly string[]> => {
      now++;
      return cache.get([`${question}`], async () => [`${++queries}`]);
    };
    for (let n = 0; n <= COMPLETION_ENTRIES; n++) await get(n);
    await get(1);
    expect(queries).toBe(COMPLETION_ENTRIES + 1);
    await get(0);
    expect(queries).toBe(COMPLETION_ENTRIES + 2);
    const many = Array.from({ length: COMPLETION_VALUES + 1 }, (_, n) => `value-${n}`);
    expect(await cache.get(['many'], async () => many)).toEqual(many.slice(0, COMPLETION_VALUES));
  });

  it('the limits of commands bound the size of a file in a setting', () => {
    const file = temporaryFile('policy.json');
    writeFileSync(file, 'x'.repeat(SETTING_FILE_LENGTH));
    expect(readSettingFile(file, kontrolStartSettings.policy)).toHaveLength(SETTING_FILE_LENGTH);
    writeFileSync(file, 'x'.repeat(SETTING_FILE_LENGTH + 1));
    expect(() => readSettingFile(file, kontrolStartSettings.policy)).toThrow('too long');
  });
});
