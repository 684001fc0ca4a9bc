import { describe, expect, it } from 'vitest';
import { parseDocument } from '../../helpers/docs/markdown.js';
import { allDocuments } from '../../helpers/docs/documents.js';
import {
  checkCommands,
  checkEntryPoints,
  checkFlags,
  checkIdentifiers,
  checkLinks,
  checkPaths,
  checkVariables,
} from '../../helpers/docs/reference-check.js';

const documents = allDocuments();

describe('README and docs', () => {
  it.each([
    ['a path in backticks exists', 'paths', checkPaths],
    ['a link leads to a file and a heading that exist', 'links', checkLinks],
    ['a command line uses commands, flags and npm scripts that exist', 'commands', checkCommands],
    ['a flag in a sentence belongs to a command', 'flags', checkFlags],
    ['an environment variable is read by the source', 'variables', checkVariables],
    ['an import in a sentence names an entry point of the package', 'entry points', checkEntryPoints],
    ['an identifier in a sentence occurs in the source', 'identifiers', checkIdentifiers],
  ])('README and docs pass the check: %s', (_, kind, check) => {
    const { checked, problems } = check(documents);
    expect(problems).toEqual([]);
    expect(checked).toBeGreaterThan(0);
    console.log(`docs: ${checked} ${kind} on ${documents.length} documents`);
  });
});

describe('the checks of references', () => {
  const planted = [
    parseDocument(
      'docs/planted.md',
      `# A heading with \`code\`

[good](#a-heading-with-code) [bad](#another-heading) [gone](gone.md) [other](../README.md#no-such-heading)

\`src/lib/index.ts\` \`src/lib/missing.ts\` \`docs/*.md\` \`docs/*.txt\` \`*-limits.ts\` \`*-nothing.ts\` \`lost.ts\` \`/healthz\` \`bin/NAME\`

\`kitectl call
square\` \`kitectl cal square\` \`kitectl call -timeout=4 square\` \`kitectl call --time-out 4\` \`npm run nothing\`
\`Dispatcher.dispatch\` \`Dispatcher.dispatchNothing\` \`kitectl/browser\` \`kitectl/nowhere\` \`kontrol -initial -nothing=1\`
\`--port 4\` \`-publicHost\` \`--prot\` \`KITE_KEY\` \`KITE_LOCK=1\` \`KONTROL_POSTGRES_HOST\`

\`\`\`sh
echo 1 | kitectl shell --to http://localhost:3636/kite && kitectl \\
  pong "$(kitectl token --nope /bob)"
\`\`\`
`,
    ),
  ];

  it.each([
    [
      'paths',
      checkPaths,
      7,
      [
        'docs/planted.md:5: src/lib/missing.ts: does not exist',
        'docs/planted.md:5: docs/*.txt: does not exist',
        'docs/planted.md:5: *-nothing.ts: does not exist',
        'docs/planted.md:5: lost.ts: does not exist',
      ],
    ],
    [
      'links',
      checkLinks,
      4,
      [
        'docs/planted.md:3: [bad](#another-heading): leads to no heading #another-heading in docs/planted.md',
        'docs/planted.md:3: [gone](gone.md): leads to docs/gone.md, which does not exist',
        expect.stringContaining('leads to no heading #no-such-heading in README.md'),
      ],
    ],
    [
      'commands',
      checkCommands,
      9,
      [
        expect.stringMatching(/^docs\/planted.md:13: .*token has no flag --nope$/s),
        expect.stringMatching(/^docs\/planted.md:13: .*there is no command pong/s),
        'docs/planted.md:8: kitectl cal square: there is no command cal square',
        'docs/planted.md:8: kitectl call --time-out 4: call has no flag --time-out',
        'docs/planted.md:8: npm run nothing: there is no script nothing in package.json',
        'docs/planted.md:9: kontrol -initial -nothing=1: kontrol start has no flag --nothing',
      ],
    ],
    ['flags', checkFlags, 3, ['docs/planted.md:10: --prot: is not a flag of any command']],
    ['variables', checkVariables, 3, ['docs/planted.md:10: KITE_LOCK: is a variable that nothing reads']],
    [
      'entry points',
      checkEntryPoints,
      2,
      ['docs/planted.md:9: kitectl/nowhere: is not an entry point of the package'],
    ],
    [
      'identifiers',
      checkIdentifiers,
      2,
      ['docs/planted.md:9: Dispatcher.dispatchNothing: does not occur in the source'],
    ],
  ])('the check of %s reports each planted mistake', (_, check, checked, problems) => {
    expect(check(planted)).toEqual({ checked, problems });
  });
});
