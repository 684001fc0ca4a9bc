import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { Server, Socket } from 'node:net';

/** An object that keeps this process running: a socket, a server, a child process. */
export type Handle = EventEmitter | object;

/**
 * The handles of this process, each with its kind. Handles that are unreferenced, such as idle sockets of an HTTP agent, are
 * not among them.
 */
export function openHandles(): Map<Handle, string> {
  // `process.getActiveResourcesInfo()` returns only names. Tests have to wait for a particular handle to close.
  const handles = (process as unknown as { _getActiveHandles(): Handle[] })._getActiveHandles();
  return new Map(handles.map((handle) => [handle, kindOf(handle)]));
}

/**
 * The handles by which this process has more than in `before`, newest last. A handle that replaces one of the same kind,
 * such as a server that a test restarts, is not one of them. Neither is a socket that a server of `before` has accepted: the
 * server closes it. If this process leaves such a connection open, the socket at its other end is.
 */
export function openedSince(before: ReadonlyMap<Handle, string>): Handle[] {
  const now = openHandles();
  const closed = Array.from(before).flatMap(([handle, kind]) => (now.has(handle) ? [] : [kind]));
  const isLeft = ([handle, kind]: readonly [Handle, string]): boolean => {
    if (before.has(handle)) return false;
    const { server } = handle as { server?: Handle };
    if (server && before.has(server)) return false;
    const replaced = closed.indexOf(kind);
    if (replaced >= 0) closed.splice(replaced, 1);
    return replaced < 0;
  };
  return [...now].filter(isLeft).map(([handle]) => handle);
}

function kindOf(handle: Handle): string {
  if (handle instanceof Server) return 'listening server';
  if ('spawnargs' in handle) return 'child process';
  if (!(handle instanceof Socket)) return handle.constructor.name;
  const { _handle: native } = handle as { _handle?: object };
  return native?.constructor.name === 'Pipe' ? 'pipe' : 'socket';
}

/** `socket (4000 to 50114)` */
export function describeHandle(handle: Handle): string {
  const kind = kindOf(handle);
  if (handle instanceof Server) return `${kind} (${JSON.stringify(handle.address())})`;
  if (handle instanceof Socket && kind === 'socket')
    return `${kind} (${handle.localPort} to ${handle.remotePort})`;
  if ('spawnargs' in handle) return `${kind} (${(handle as ChildProcess).spawnargs.join(' ')})`;
  return kind;
}

/** Calls `listener` when one of the handles closes. Returns a function that ends this. */
export function onClose(handles: readonly Handle[], listener: () => void): () => void {
  const emitters = handles.filter((handle) => 'once' in handle);
  for (const emitter of emitters) {
    emitter.once('close', listener);
    emitter.once('exit', listener);
  }
  return () => {
    for (const emitter of emitters) {
      emitter.removeListener('close', listener);
      emitter.removeListener('exit', listener);
    }
  };
}
