import { gzipSync } from 'node:zlib';

export interface TarEntry {
  readonly path: string;
  /** The type as one character: `0` a file (the default), `1` a hard link, `2` a symbolic link, `5` a folder, … */
  readonly type?: string;
  readonly link?: string;
  /** Default: 0o644. */
  readonly mode?: number;
  readonly content?: string | Buffer;
}

/** An archive with exactly the given entries, including ones that no tool would write. */
export function tarGz(entries: readonly TarEntry[]): Buffer {
  return gzipSync(tar(entries));
}

export function tar(entries: readonly TarEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(blocks), Buffer.alloc(1024)]);
}

function blocks({ path, type = '0', link = '', mode = 0o644, content = '' }: TarEntry): Buffer[] {
  const data = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(path, 0, 100);
  header.write(octal(mode, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(data.length, 11), 124);
  header.write(octal(0, 11), 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\u0000 `, 148);
  return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** A kite in an archive: one folder with the manifest and a program that is a shell script. */
export function kiteEntries(script: string, { name = 'math', version = '1.0.0' } = {}): TarEntry[] {
  return [
    { path: `${name}-${version}.kite/`, type: '5', mode: 0o755 },
    { path: `${name}-${version}.kite/.kite.json`, content: JSON.stringify({ name, version }) },
    { path: `${name}-${version}.kite/bin/${name}`, mode: 0o755, content: `#!/bin/sh\n${script}\n` },
  ];
}
