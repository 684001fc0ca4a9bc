import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { UploadQueue } from '../../../../src/lib/transport/server/upload-queue.js';

/** A request whose body never ends, and the status of its response. */
function upload() {
  const request = Object.assign(new EventEmitter(), { headers: {}, resume: () => undefined });
  const status: number[] = [];
  const response = Object.assign(new EventEmitter(), {
    req: request,
    setHeader: () => undefined,
    writeHead: (code: number) => status.push(code),
    end: () => undefined,
  });
  return {
    status,
    upload: {
      req: request as unknown as IncomingMessage,
      res: response as unknown as ServerResponse,
      headers: {},
    },
  };
}

describe('the uploads of a session', () => {
  it('UploadQueue queues the uploads of a session up to the limit, and rejects the next one with a retry status', () => {
    const receiver = {
      deliver: () => undefined,
      isSuspended: () => true,
      refuse: () => undefined,
      hold: () => undefined,
    };
    const uploads = new UploadQueue({ messageBytes: 1000, uploadsPerSession: 2, lines: false }, receiver);
    const all = [upload(), upload(), upload()];
    for (const one of all) uploads.add(one.upload);
    expect(all.map(({ status }) => status)).toEqual([[], [], [503]]);
    uploads.end();
    expect(all.map(({ status }) => status)).toEqual([[404], [404], [503]]);
  });
});
