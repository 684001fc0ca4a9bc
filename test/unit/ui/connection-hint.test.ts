import { describe, expect, it } from 'vitest';
import { connectionHint } from '../../../src/ui/connection-hint.js';

describe('the hint for an unreachable kite', () => {
  const page = (url: string) => new URL(url);

  it('the hint is empty for a kite and a page on this machine', () => {
    expect(connectionHint('http://127.0.0.1:1/kite', page('http://localhost:4000/'))).toBeUndefined();
  });

  it('the hint explains that an https page cannot call a kite over http', () => {
    expect(connectionHint('ws://10.0.0.1:1/kite', page('https://kontrol.example.com/'))).toMatch(
      /over https/,
    );
  });

  it('the hint explains that the kite is on loopback of another machine', () => {
    expect(connectionHint('http://127.0.0.1:1/kite', page('http://kontrol.example.com/'))).toMatch(
      /only for who runs there/,
    );
  });

  it('the hint explains that a kite accepts pages of allowed origins only', () => {
    expect(connectionHint('https://k.example.com/kite', page('https://kontrol.example.com/'))).toMatch(
      /--allow-origin https:\/\/kontrol\.example\.com,/,
    );
  });
});
