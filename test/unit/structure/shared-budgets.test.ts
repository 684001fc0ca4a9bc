import { expect, it } from 'vitest';
import { sourceFiles, withoutComments } from '../../helpers/source-files.js';

// All connections of a kite share its budgets. Every place above the transports that opens, accepts or joins connections passes them.

const OPENS: Readonly<Record<string, RegExp>> = {
  'a server of sessions': /\bnew SockJsServer\(/g,
  'a dialed connection': /\bdial\(\w[\w.#]*, \{/g,
  'joined sockets': /\bjoinSockets\(\w+, \w+, \{/g,
  'a relay': /\bnew Relay\(/g,
};

/** Files that open connections without budgets, each with the reason. */
const WITHOUT: Readonly<Record<string, string>> = {
  'src/lib/cli/expose/local-kite.ts': 'tries once whether the kite can be reached',
};

it('the places that open connections pass the budgets of their kite', () => {
  const places = sourceFiles()
    .filter(({ path }) => !path.startsWith('src/lib/transport/') && !path.includes('/page/'))
    .flatMap(({ path, text }) => {
      const code = withoutComments(text);
      return Object.entries(OPENS).flatMap(([what, pattern]) =>
        Array.from(code.matchAll(pattern), ({ index }) => ({
          path,
          what,
          // The arguments that follow.
          passes: /\b(?:budgets|output|input)\b/.test(code.slice(index, index + 500)),
        })),
      );
    });
  console.log(`${places.length} places open, accept or join connections`);
  expect(new Set(places.map(({ what }) => what))).toEqual(new Set(Object.keys(OPENS)));
  expect(places.filter(({ path, passes }) => !passes && WITHOUT[path] === undefined)).toEqual([]);
});
