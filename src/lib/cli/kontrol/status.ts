import { toJson } from '../json.js';
import type { KontrolOptions } from '../kontrol-client.js';
import { type Surroundings, write } from '../surroundings.js';
import { administer } from './admin.js';

/** Prints how Kontrol is: a table, or what it answered with `json`. */
export async function status(
  options: KontrolOptions & { readonly json: boolean },
  surroundings: Surroundings,
): Promise<void> {
  const answer = await administer(options, 'kontrol.status', [], surroundings);
  if (options.json) return write(surroundings.stdout, `${toJson(answer)}\n`);
  const { formatTable } = await import('../terminal.js');
  return write(surroundings.stdout, formatTable(rows(answer), surroundings));
}

function rows(answer: unknown, prefix = ''): [string, string][] {
  if (typeof answer !== 'object' || answer === null) return [['status', String(answer)]];
  return Object.entries(answer).flatMap(([name, value]): [string, string][] => {
    const label = prefix === '' ? name : `${prefix} ${name}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return rows(value, label);
    return [[label, typeof value === 'string' ? value : toJson(value)]];
  });
}
