import { describe, expect, it } from 'vitest';
import type { IncomingMessage } from 'node:http';
import { envelopePrefix } from '../../../../src/lib/kite/call/envelope-prefix.js';
import { readRevokedIds, readStrings } from '../../../../src/lib/kite/kontrol/kontrol-responses.js';
import {
  ALERT_LENGTH,
  CACHED_CREDENTIALS,
  CONNECTION_CREDENTIALS,
  CACHED_METHODS,
  defaultLimits,
  LOGGED_LENGTH,
  LOGGED_REFUSALS,
  PREFIX_LENGTH,
  KONTROL_STRINGS,
  REVOKED_IDS,
  VERIFIED_CREDENTIALS,
} from '../../../../src/lib/kite/limits/kite-limits.js';
import { addPageMethods } from '../../../../src/lib/kite/page/page-methods.js';
import { RefusalLog } from '../../../../src/lib/kite/serve/refusal-log.js';
import { ConnectionCredentials } from '../../../../src/lib/kite/trust/connection-credentials.js';
import { VerifiedCredentials } from '../../../../src/lib/kite/trust/verified-credentials.js';
import { silentLogger } from '../../../../src/lib/util/logger.js';
import { connected, makeCore } from '../../../helpers/kite/cores.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';
import { FakeCredentialHolder } from '../../../helpers/kite/fake-credential-holder.js';

describe('defaultLimits', () => {
  it.each(Object.entries(defaultLimits))('defaultLimits has a positive integer for %s', (_name, value) => {
    expect(Number.isSafeInteger(value) && value > 0).toBe(true);
  });

  it('defaultLimits cannot be changed for the whole process', () => {
    expect(Object.isFrozen(defaultLimits)).toBe(true);
  });

  it('defaultLimits pauses a connection before its send queue is full', () => {
    expect(defaultLimits.pauseBytes).toBeLessThan(defaultLimits.sendQueueBytes);
    expect(defaultLimits.messageBytes).toBeLessThan(defaultLimits.sendQueueBytes);
  });
});

describe('the limits of kites', () => {
  it('the limits of kites bound the prefix of a call that is parsed once', () => {
    const prefix = (length: number): string => {
      const [head, tail] = ['{"method":"', '","arguments":[{"withArgs":'];
      return `${head}${'m'.repeat(length - head.length - tail.length)}${tail}`;
    };
    expect(envelopePrefix(`${prefix(PREFIX_LENGTH)}[]}]}`)?.fragment.text).toHaveLength(PREFIX_LENGTH);
    expect(envelopePrefix(`${prefix(PREFIX_LENGTH + 1)}[]}]}`)).toBeUndefined();
  });

  it.each([
    ['credentials', CACHED_CREDENTIALS, 'envelopeFragment'],
    ['method names', CACHED_METHODS, 'methodFragment'],
  ] as const)('the limits of kites bound the %s whose encoding is cached', (_what, limit, encode) => {
    const { host } = makeCore();
    const first = host[encode]('0');
    for (let n = 1; n < limit; n++) host[encode](`${n}`);
    expect(host[encode]('0')).toBe(first);
    host[encode](`${limit}`);
    expect(host[encode]('0')).not.toBe(first);
  });

  it('the limits of kites bound the verified credentials that are cached', () => {
    const credentials = new VerifiedCredentials(1000, new ManualClock());
    const key = (n: number): string => `key-${n}`;
    for (let n = 0; n <= VERIFIED_CREDENTIALS; n++) {
      const credential = {
        type: 'kiteKey',
        key: key(n),
        identity: { username: 'alice', claims: {} },
        credential: undefined,
      };
      credentials.add(credential, Number.POSITIVE_INFINITY);
    }
    expect(credentials.get('kiteKey', key(0))).toBeUndefined();
    expect(credentials.get('kiteKey', key(1))?.identity.username).toBe('alice');
  });

  it('the limits of kites bound the strings of a response of Kontrol', () => {
    const strings = Array.from({ length: KONTROL_STRINGS + 1 }, (_, n) => `${n}`);
    expect(readStrings(strings)).toEqual(strings.slice(0, KONTROL_STRINGS));
  });

  it('the limits of kites bound the revoked ids of a response of Kontrol', () => {
    const ids = Array.from({ length: REVOKED_IDS + 1 }, (_, n) => `${n}`);
    expect(readRevokedIds(ids)).toEqual(ids.slice(0, REVOKED_IDS));
  });

  it('the limits of kites bound the kite keys that one connection authenticates with', () => {
    const used = new ConnectionCredentials();
    const connection = new FakeCredentialHolder();
    const identity = { username: 'alice', claims: {} };
    const use = (n: number): void =>
      used.add(connection, { identity, revocationKey: `${n}`, revoked: false });
    for (let n = 0; n < CONNECTION_CREDENTIALS; n++) use(n);
    expect(() => use(CONNECTION_CREDENTIALS)).toThrow('has used 64 kite keys');
    expect(() => use(0)).not.toThrow();
  });

  it('the limits of kites bound the rejected hosts that are logged, and their length', () => {
    const lines: string[] = [];
    const log = new RefusalLog({ ...silentLogger, warn: (text) => void lines.push(text) });
    const refuse = (host: string): void => log.host({ headers: { host } } as IncomingMessage);
    refuse('x'.repeat(LOGGED_LENGTH + 1));
    expect(lines[0]).toContain(` "${'x'.repeat(LOGGED_LENGTH)}".`);
    for (let n = 0; n < LOGGED_REFUSALS; n++) refuse(`host-${n}`);
    expect(lines).toHaveLength(LOGGED_REFUSALS);
  });

  it('the limits of kites bound the text that a peer shows on a page', async () => {
    const { server, client } = await connected();
    const alerts: string[] = [];
    addPageMethods(server, { console, alert: (text) => void alerts.push(text) });
    await client.tell('alert', 'x'.repeat(ALERT_LENGTH + 1));
    expect(alerts).toEqual(['x'.repeat(ALERT_LENGTH)]);
  });
});
