import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startKontrol } from '../../helpers/kontrol/kontrol.js';
import { Kite } from '../../../src/lib/index.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { GO_IDENTIFIERS } from '../../helpers/docs/go-identifiers.js';

// A program of the Go implementation uses what its packages export. The document says for each what a program does here.

interface Row {
  readonly identifiers: readonly string[];
  readonly counterpart: string;
}

/** The rows of the tables about a type: below its heading, or with its name in the head of the table. */
function rowsAbout(type: string, text: string): readonly Row[] {
  const lines = text.slice(text.indexOf('\n## Programs\n')).split('\n');
  let heading = '';
  let head = '';
  const rows: Row[] = [];
  for (const line of lines) {
    if (line.startsWith('### ')) heading = line;
    const [, first = '', second = ''] = /^\| (.*?) \| (.*) \|$/.exec(line) ?? [];
    if (first === '' || first === '---') continue;
    if (second === 'here') head = first === 'Go' ? heading : first;
    else if (head.includes(`\`${type}\``))
      rows.push({
        identifiers: Array.from(first.matchAll(/`(\w+)`/g), ([, name = '']) => name),
        counterpart: second.trim(),
      });
  }
  return rows;
}

describe('the document for programs of the Go implementation', () => {
  const text = readFileSync('docs/migrating-from-go.md', 'utf8');

  it('the document has a counterpart for each exported identifier of the Go kite, configuration and Kontrol', () => {
    let count = 0;
    for (const [type, names] of Object.entries(GO_IDENTIFIERS)) {
      const rows = rowsAbout(type, text);
      const described = rows.flatMap(({ identifiers }) => identifiers);
      const missing = names.split(' ').filter((name) => !described.includes(name));
      expect(missing, `identifiers of ${type}`).toEqual([]);
      expect(rows.filter(({ counterpart }) => counterpart === '')).toEqual([]);
      count += names.split(' ').length;
    }
    console.log(`${count} identifiers of ${Object.keys(GO_IDENTIFIERS).length} types`);
  });

  it('the document describes no identifier that the Go implementation does not export', () => {
    const known = new Set(Object.values(GO_IDENTIFIERS).flatMap((names) => names.split(' ')));
    const types = Object.keys(GO_IDENTIFIERS).flatMap((type) => rowsAbout(type, text));
    const unknown = types.flatMap(({ identifiers }) => identifiers.filter((name) => !known.has(name)));
    expect(unknown).toEqual([]);
  });

  it('a program can replace registerMachine of Kontrol with a check of its own, and with keys for any user', async () => {
    const { kontrol, url } = await startKontrol();
    const register = kontrol.kite.handle<[string]>('registerMachine', ({ args: [password] }) => {
      if (password !== 'secret') throw new Error('wrong password');
      return kontrol.newKiteKey('carol');
    });
    register.disableAuthentication();
    const kite = new Kite('machine', '1.0.0', { kiteKey: false, env: {}, logger: silentLogger });
    try {
      const client = kite.newClient(url);
      await client.dial();
      expect(await client.tell<string>('registerMachine', 'secret')).toMatch(/^ey/);
      await expect(client.tell('registerMachine', 'guess')).rejects.toThrow('wrong password');
    } finally {
      await kite.close();
    }
  });
});
