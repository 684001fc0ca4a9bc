import { vi } from 'vitest';
import type { ConnectionCredential } from '../../../src/lib/kite/call/connection-credential.js';
import type { RunningCalls } from '../../../src/lib/kite/call/when-idle.js';

/** A connection, as the authentication of callers sees it, that records how it is closed. */
export class FakeCredentialHolder {
  readonly role: 'accepted' | 'dialed';
  credential: ConnectionCredential | undefined = undefined;
  readonly flow: RunningCalls;
  readonly close = vi.fn<(code?: number, reason?: string) => void>();
  readonly on = vi.fn<(event: 'disconnect', listener: () => void) => void>();

  constructor(role: 'accepted' | 'dialed' = 'accepted', running = 0) {
    this.role = role;
    this.flow = { running, onIdle: undefined };
  }

  disconnect(): void {
    for (const [, listener] of this.on.mock.calls) listener();
  }
}
