import { readFileSync } from 'node:fs';

/** One line of a recording: see fixtures/wire/README.md. */
export interface Line {
  readonly dir: '>' | '<';
  readonly upgrade?: string;
  readonly ws?: string;
  readonly http?: string;
  readonly status?: number;
  readonly body?: string;
}

export function lines(name: string): Line[] {
  const text = readFileSync(new URL(`../../fixtures/wire/${name}.jsonl`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

export interface Session {
  readonly path: string;
  readonly frames: Line[];
}

/** The first session registers and lasts until the end of the recording; its later lines are after those of others. */
export function sessions(): Session[] {
  const all: Session[] = [];
  for (const line of lines('kontrol-websocket')) {
    const recent = all.at(-1);
    if (line.upgrade) all.push({ path: line.upgrade, frames: [] });
    else if (line.ws !== undefined && line.ws !== 'h') {
      // The arguments of callback 1 are the heartbeat of the first session.
      (line.ws.includes('\\"method\\":1,') ? all[0] : recent)?.frames.push(line);
    }
  }
  return all;
}

export interface Message {
  readonly method: unknown;
  readonly arguments: readonly Record<string, unknown>[];
  readonly callbacks: unknown;
}

export function messages(frames: readonly string[]): Message[] {
  return frames
    .filter((frame) => frame.startsWith('a[') || frame.startsWith('['))
    .flatMap((frame) => JSON.parse(frame.replace(/^a/, '')) as string[])
    .map((text) => JSON.parse(text) as Message);
}

/**
 * Removes the values that differ in every run: caller, tokens, keys, request ids, and the registration time and the extensions,
 * which the Go implementation does not send.
 */
export function comparable(value: unknown): unknown {
  if (typeof value === 'string') {
    if (/^ey[\w-]+\.[\w-]+\.[\w-]+$/.test(value)) return '<JWT>';
    return value.startsWith('-----BEGIN PUBLIC KEY-----') ? '<PEM>' : value;
  }
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([name]) =>
          !(
            name === 'keyId' ||
            name === 'registeredAt' ||
            name === 'extensions' ||
            (name === 'id' && 'type' in value)
          ),
      )
      .map(([name, content]) => [name, comparable(content)]),
  );
}

export function recorded({ frames }: Session, dir: '>' | '<'): string[] {
  return frames.filter((line) => line.dir === dir).map(({ ws }) => ws ?? '');
}
