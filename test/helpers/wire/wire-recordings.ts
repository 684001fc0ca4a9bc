import { readFileSync } from 'node:fs';
import os from 'node:os';
import { WebSocket } from 'ws';
import type { Kite } from '../../../src/lib/index.js';
import type { PageKite } from '../../../src/lib/kite/page/page-kite.js';
import { silentLogger } from '../../../src/lib/util/logger.js';
import { SINGLE_TRANSPORTS } from '../transport/transports.js';
import { SERVED_TRANSPORTS } from './old-caller.js';
import { recordClient } from './record-client.js';
import { recordServer } from './record-server.js';

/** The classes of one version of the library. */
export interface RecordedVersion {
  readonly Kite: typeof Kite;
  readonly PageKite: typeof PageKite;
}

export interface WireRecording {
  /** The name of the fixture. */
  readonly name: string;
  /** Lets a version of the library speak, and returns what it has sent. */
  readonly record: (version: RecordedVersion) => Promise<string[]>;
}

const options = { kiteKey: false, env: {}, port: 0, logger: silentLogger } as const;

/** What kites send on each transport to peers that know no extensions. */
export const wireRecordings: readonly WireRecording[] = [
  ...Object.keys(SERVED_TRANSPORTS).map((transport) => ({
    name: `kite-${transport}`,
    record: async ({ Kite: ServedKite }: RecordedVersion) => {
      const kite = new ServedKite('math', '1.0.0', options);
      return normalized(await recordServer(kite, transport as keyof typeof SERVED_TRANSPORTS), kite);
    },
  })),
  ...SINGLE_TRANSPORTS.flatMap((transport) => [
    {
      name: `client-${transport}`,
      record: async ({ Kite: CallerKite }: RecordedVersion) => {
        const kite = new CallerKite('caller', '1.0.0', options);
        return normalized(await recordClient(kite, transport), kite);
      },
    },
    {
      name: `page-${transport}`,
      record: (version: RecordedVersion) =>
        asPage(async () => {
          const kite = new version.PageKite('page', '1.0.0', { logger: silentLogger });
          return normalized(await recordClient(kite, transport), kite);
        }),
    },
  ]),
];

/** Runs `use` with the WebSocket of a page, which Node 20 does not have. */
export async function asPage<Result>(use: () => Promise<Result>): Promise<Result> {
  const page = globalThis as { WebSocket?: unknown };
  const before = page.WebSocket;
  page.WebSocket = WebSocket;
  try {
    return await use();
  } finally {
    page.WebSocket = before;
  }
}

/** Replaces what differs in every run: the id and the host of the kite, and the ids of requests. */
function normalized(frames: readonly string[], { identity }: Pick<Kite, 'identity'>): string[] {
  return frames.map((frame) =>
    frame
      .replaceAll(identity.id, '<id>')
      .replaceAll(new RegExp(`(hostname\\\\*":\\\\*")${os.hostname()}`, 'g'), '$1<host>')
      .replaceAll(/(id\\*":\\*")(?!0123456789abcdef)[0-9a-f]{16}(?=\\*")/g, '$1<request>'),
  );
}

/** The folder of the recordings of kitectl 0.1. */
const FOLDER = new URL('../../fixtures/wire/kitectl-0.1/', import.meta.url);

export function recordingFile(name: string): URL {
  return new URL(`${name}.jsonl`, FOLDER);
}

/** Returns what kitectl 0.1 has sent. */
export function readRecording(name: string): string[] {
  const lines = readFileSync(recordingFile(name), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as string);
}
