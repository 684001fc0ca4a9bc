import { describe, expect, it } from 'vitest';
import { blocksOf, compile, dataProblem, unknownBlocks } from '../../helpers/docs/block-check.js';
import { parseDocument } from '../../helpers/docs/markdown.js';
import { allDocuments } from '../../helpers/docs/documents.js';

const documents = allDocuments();

describe('the blocks of README and docs', () => {
  it('every block of README and docs has a language that is checked', () => {
    expect(unknownBlocks(documents)).toEqual([]);
  });

  it('every TypeScript and JavaScript block compiles as a separate module', async () => {
    const blocks = blocksOf(documents, 'ts', 'js');
    expect(await compile(blocks)).toEqual([]);
    expect(blocks.length).toBeGreaterThan(0);
    console.log(`docs: ${blocks.length} blocks of TypeScript and JavaScript compiled`);
  });

  it('every JSON, YAML and INI block parses', () => {
    const blocks = blocksOf(documents, 'json', 'yaml', 'ini');
    const problems = blocks.flatMap((block) => {
      const problem = dataProblem(block);
      return problem === undefined ? [] : [`${block.document}:${block.line}: ${problem}`];
    });
    expect(problems).toEqual([]);
    expect(blocks.length).toBeGreaterThan(0);
    console.log(`docs: ${blocks.length} blocks of data parsed`);
  });
});

describe('the checks of blocks', () => {
  const document = parseDocument(
    'planted.md',
    `
\`\`\`ts
import { Kite } from 'kitectl';

const kite = new Kite('a', '1.0.0', { nothing: true });
await kite.close();
\`\`\`

\`\`\`ts
import { Kite } from 'kitectl/browser';

document.title = String(new Kite('a', '1.0.0').identity.name.length.length);
\`\`\`

\`\`\`js
const = 4;
\`\`\`

\`\`\`json
{ "a": 1 }
{ "a": 2 }
\`\`\`

\`\`\`ini
a setting before its section
\`\`\`

\`\`\`python
print(1)
\`\`\`

\`\`\`text
$ kitectl ping
\`\`\`

    kitectl ping
`,
  );

  it('the compiler reports errors in blocks for Node and for pages, with their lines', async () => {
    expect(await compile(blocksOf([document], 'ts'))).toEqual([
      expect.stringMatching(/^planted\.md:5: error TS\d+: .*'nothing'/),
      expect.stringMatching(/^planted\.md:12: error TS\d+: .*'length'/),
    ]);
    // If a module does not parse, the compiler reports nothing else.
    const [problem] = await compile(blocksOf([document], 'js'));
    expect(problem).toMatch(/^planted\.md:16: error TS\d+: /);
  });

  it('the check of data blocks reports a block that does not parse', () => {
    expect(blocksOf([document], 'json', 'ini').map(dataProblem)).toEqual([
      expect.stringContaining('SyntaxError'),
      'does not begin with a section',
    ]);
  });

  it('the check of languages reports a block that no check covers', () => {
    expect(unknownBlocks([document])).toEqual([
      expect.stringContaining('python is not checked'),
      expect.stringContaining('an indented block'),
      expect.stringContaining('a command belongs in a block that is run'),
    ]);
  });
});
