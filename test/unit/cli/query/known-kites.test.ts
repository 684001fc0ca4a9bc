import { describe, expect, it } from 'vitest';
import { KnownKites, RETURN_TIME } from '../../../../src/lib/cli/query/known-kites.js';
import { RemoteKite } from '../../../../src/lib/kite/kontrol/remote-kite.js';
import { testIdentity } from '../../../helpers/kite/keys.js';
import { ManualClock } from '../../../helpers/process/manual-clock.js';

function remote(name: string, url = `http://${name}/kite`, silentSince?: number): RemoteKite {
  const host = {
    newClient: () => {
      throw new Error('Not called');
    },
    renewer: () => () => Promise.reject(new Error('Not called')),
  };
  return new RemoteKite(host, {
    kite: testIdentity({ name, id: name }),
    url,
    token: '',
    keyId: '',
    silentSince,
  });
}

function make(...names: string[]) {
  const clock = new ManualClock();
  const reported: string[] = [];
  const known = new KnownKites(({ action, kite: { url } }) => reported.push(`${action} ${url}`), clock);
  known.start(names.map((name) => remote(name)));
  return { clock, known, reported };
}

describe('KnownKites', () => {
  it('a resumed list reports kites that were added and kites whose URL has changed', () => {
    const { known, reported } = make('a', 'b');
    known.resume([remote('a'), remote('b', 'http://moved/kite'), remote('c')]);
    expect(reported).toEqual(['REGISTER http://moved/kite', 'REGISTER http://c/kite']);
    known.pause();
  });

  it('a kite that registers again in time after Kontrol has come back empty is not reported', () => {
    const { clock, known, reported } = make('a', 'b', 'c');
    known.resume([]);
    known.changed({ action: 'REGISTER', kite: remote('a') });
    known.changed({ action: 'REGISTER', kite: remote('b', 'http://moved/kite') });
    clock.advance(RETURN_TIME);
    expect(reported).toEqual(['REGISTER http://moved/kite', 'DEREGISTER http://c/kite']);
  });

  it('a kite that is silent and returns is reported once for each, also if that was missed', () => {
    const { known, reported } = make('a', 'b');
    const silent = (name: string): RemoteKite => remote(name, undefined, 1);
    known.changed({ action: 'SILENT', kite: silent('a') });
    known.changed({ action: 'SILENT', kite: silent('a') });
    known.changed({ action: 'REGISTER', kite: remote('a') });
    known.resume([remote('a'), silent('b')]);
    known.resume([remote('a'), remote('b')]);
    known.pause();
    expect(reported).toEqual([
      'SILENT http://a/kite',
      'REGISTER http://a/kite',
      'SILENT http://b/kite',
      'REGISTER http://b/kite',
    ]);
  });

  it('a second loss of the connection starts the wait for missing kites again', () => {
    const { clock, known, reported } = make('a', 'b');
    known.resume([]);
    clock.advance(RETURN_TIME - 1);
    known.pause();
    clock.advance(RETURN_TIME);
    known.resume([remote('a')]);
    expect(reported).toEqual([]);
    clock.advance(RETURN_TIME);
    expect(reported).toEqual(['DEREGISTER http://b/kite']);
  });

  it('a kite that deregisters while others are missing is reported at once', () => {
    const { clock, known, reported } = make('a');
    known.resume([remote('a')]);
    known.changed({ action: 'DEREGISTER', kite: remote('a') });
    known.changed({ action: 'DEREGISTER', kite: remote('unknown') });
    clock.advance(RETURN_TIME);
    expect(reported).toEqual(['DEREGISTER http://a/kite']);
  });
});
