import { describe, expect, it } from 'vitest';
import { connectionHint } from '../../../src/ui/connection-hint.js';

describe('why a page may not reach a kite', () => {
  const page = (url: string) => new URL(url);

  it('is not known between this machine and itself', () => {
    expect(connectionHint('http://127.0.0.1:1/kite', page('http://localhost:4000/'))).toBeUndefined();
  });

  it('is that pages which came over https call no kites over http', () => {
    expect(connectionHint('ws://10.0.0.1:1/kite', page('https://kontrol.example.com/'))).toMatch(
      /over https/,
    );
  });

  it("is that the kite is at somebody else's loopback", () => {
    expect(connectionHint('http://127.0.0.1:1/kite', page('http://kontrol.example.com/'))).toMatch(
      /only its own machine can reach/,
    );
  });

  it('is that kites let in pages of other origins only where they are told to', () => {
    expect(connectionHint('https://k.example.com/kite', page('https://kontrol.example.com/'))).toMatch(
      /--allow-origin https:\/\/kontrol\.example\.com,/,
    );
  });
});
