import { guardListeners } from '../../util/guard-listeners.js';
import { systemErrorReason } from '../../util/system-error.js';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { AuditEntry } from '../../kontrol.js';
import type { Logger } from '../../util/logger.js';
import { LineGate, omittedLines } from '../runtime/line-gate.js';
import type { CommandRuntime } from '../runtime/command-runtime.js';

/** Where the audit log of a Kontrol is written: one line of JSON for each entry. */
export interface AuditOutput {
  readonly write: (entry: AuditEntry) => void;
  /** Continues in a new file if the file was renamed or removed. Rejects if it cannot be opened; the former one stays in use. */
  reopen(): Promise<void>;
  /** Resolves when all entries are written. */
  close(): Promise<void>;
}

/**
 * Opens the audit log: `-` for standard output, or a file, which is created with mode 0600 or continued.
 *
 * Rejects if the file cannot be opened. If a later write fails, this is logged once, and Kontrol continues. If standard output is
 * not read, entries are left out, and their number is logged when it is.
 */
export async function openAuditOutput(
  target: string,
  logger: Logger,
  { stdout }: Pick<CommandRuntime, 'stdout'>,
): Promise<AuditOutput> {
  if (target === '-') {
    const gate = new LineGate(stdout, (omitted) => logger.error(`The audit log: ${omittedLines(omitted)}`));
    return {
      write: (entry) => {
        if (gate.admits()) stdout.write(`${JSON.stringify(entry)}\n`);
      },
      reopen: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
  let failed = false;
  const onError = guardListeners(() => undefined)((error: Error) => {
    if (!failed) logger.error(`The audit log ${target} cannot be written: ${systemErrorReason(error)}`);
    failed = true;
  });
  let stream = await openStream(target, onError);
  const end = (ended: WriteStream): Promise<void> =>
    new Promise((resolve) => (ended.errored ? resolve() : ended.end(() => resolve())));
  return {
    write: (entry) => {
      if (!failed) stream.write(`${JSON.stringify(entry)}\n`);
    },
    reopen: async () => {
      const former = stream;
      stream = await openStream(target, onError);
      failed = false;
      await end(former);
    },
    close: () => end(stream),
  };
}

async function openStream(file: string, onError: (error: Error) => void): Promise<WriteStream> {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', reject);
  });
  stream.on('error', onError);
  return stream;
}
