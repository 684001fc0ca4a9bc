import { describe, expect, it } from 'vitest';
import { blocksOf, compile, dataProblem, unknownBlocks } from '../../helpers/docs/block-check.js';
import { parsePage } from '../../helpers/docs/markdown.js';
import { allPages } from '../../helpers/docs/pages.js';

const pages = allPages();

describe('the blocks of README and docs', () => {
  it('all have a language that is checked', () => {
    expect(unknownBlocks(pages)).toEqual([]);
  });

  it('compile, each as a module of its own, if they are TypeScript or JavaScript', async () => {
    const blocks = blocksOf(pages, 'ts', 'js');
    expect(await compile(blocks)).toEqual([]);
    expect(blocks.length).toBeGreaterThan(0);
    console.log(`docs: ${blocks.length} blocks of TypeScript and JavaScript compiled`);
  });

  it('parse if they are data', () => {
    const blocks = blocksOf(pages, 'json', 'yaml', 'ini');
    const problems = blocks.flatMap((block) => {
      const problem = dataProblem(block);
      return problem === undefined ? [] : [`${block.page}:${block.line}: ${problem}`];
    });
    expect(problems).toEqual([]);
    expect(blocks.length).toBeGreaterThan(0);
    console.log(`docs: ${blocks.length} blocks of data parsed`);
  });
});

describe('the checks of blocks', () => {
  const page = parsePage(
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

  it('find what the compiler refuses, in programs and in pages', async () => {
    expect(await compile(blocksOf([page], 'ts'))).toEqual([
      expect.stringMatching(/^planted\.md:5: error TS\d+: .*'nothing'/),
      expect.stringMatching(/^planted\.md:12: error TS\d+: .*'length'/),
    ]);
    // A compiler that cannot parse says no more than that.
    const [problem] = await compile(blocksOf([page], 'js'));
    expect(problem).toMatch(/^planted\.md:16: error TS\d+: /);
  });

  it('find data that does not parse', () => {
    expect(blocksOf([page], 'json', 'ini').map(dataProblem)).toEqual([
      expect.stringContaining('SyntaxError'),
      'does not begin with a section',
    ]);
  });

  it('find blocks of which nobody knows what they are', () => {
    expect(unknownBlocks([page])).toEqual([
      expect.stringContaining('python is not checked'),
      expect.stringContaining('an indented block'),
      expect.stringContaining('a command belongs in a block that is run'),
    ]);
  });
});
