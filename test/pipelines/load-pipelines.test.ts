import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HeadwayError } from '../../contracts/errors';
import { loadRegistry } from '../../pipelines/load-pipelines';
import { startChild } from '../support/child';

const definePipeline = join(__dirname, '..', '..', 'pipelines', 'define-pipeline.ts');
const zod = require.resolve('zod');
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'headway-pipelines-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const call = (name: string) => `definePipeline({
  name: '${name}',
  request: z.object({ text: z.string() }),
  response: z.object({ words: z.number() }),
  prompt: ({ text }) => ({ instructions: 'Count.', input: text }),
})`;
const imports = `const { definePipeline } = require('${definePipeline}'); const { z } = require('${zod}');`;
const commonJs = (name: string) => `${imports}\nexports.pipeline = ${call(name)};\nexports.other = 1;`;
/** An ES module cannot import TypeScript by the hook of these tests; its own require can. */
const esModule = (name: string) =>
  `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${imports}\nexport default [${call(name)}];`;

const load = (...names: string[]) =>
  loadRegistry(names, {
    from: folder,
    importModule: (url) => Promise.resolve(jest.requireActual<object>(fileURLToPath(url))),
  });

async function namesOf(...names: string[]): Promise<string[]> {
  return (await load(...names)).pipelines.map(({ name }) => name).filter((name) => name.startsWith('my-'));
}

async function sentence(...names: string[]): Promise<string> {
  const error = await load(...names).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(HeadwayError);
  expect(error).toMatchObject({ code: 'HW_CONFIG_INVALID' });
  return (error as Error).message.replaceAll(folder, '<here>');
}

describe('loadRegistry', () => {
  it('has the shipped pipelines when nothing is named', async () => {
    const { pipelines, pipelineNamed } = await load();
    expect(pipelines).toContain(pipelineNamed('company-brief'));
  });

  it('takes a file, and by name what it holds', async () => {
    write('words.js', commonJs('my-words'));
    const { pipelineNamed } = await load('./words.js');
    expect(pipelineNamed('my-words').request.safeParse({ text: 1 }).success).toBe(false);
    expect(() => pipelineNamed('my-wrds')).toThrow(/known: company-brief.*, my-words$/);
  });

  it('takes a folder: its files but for the tests, and the pipeline.js or index.js of folders in it', async () => {
    write('mine/words.js', commonJs('my-words'));
    write('mine/words.test.js', 'throw new Error("a test was loaded")');
    write('mine/letters/pipeline.js', `exports.letters = require('./define.js');`);
    write('mine/letters/define.js', `${imports}\nmodule.exports = ${call('my-letters')};`);
    write('mine/lines/index.cjs', `${imports}\nexports.all = [${call('my-lines')}];`);
    write('mine/shared/text.js', 'throw new Error("a helper was loaded")');
    write('mine/README.md', '');
    expect(await namesOf('./mine')).toEqual(['my-letters', 'my-lines', 'my-words']);
    expect(await namesOf('./mine/letters')).toEqual(['my-letters']);
  });

  it('takes a package that is installed', async () => {
    write('node_modules/@us/pipelines/package.json', '{"main":"all.js"}');
    write('node_modules/@us/pipelines/all.js', `${imports}\nmodule.exports = { a: ${call('my-words')} };`);
    expect(await namesOf('@us/pipelines')).toEqual(['my-words']);
  });

  it('takes ES modules and packages of them, in a process of its own', async () => {
    write('lines.mjs', esModule('my-lines'));
    write('words.cjs', `${imports}\nmodule.exports = { a: ${call('my-words')} };`);
    write('node_modules/ours/package.json', '{"type":"module","exports":{"import":"./main.js"}}');
    write('node_modules/ours/main.js', esModule('my-letters'));
    const child = startChild('pipelines/programs/show-pipelines.ts', [
      folder,
      './lines.mjs',
      './words.cjs',
      'ours',
    ]);
    await child.ended;
    expect(child.stderr() + child.stdout()).toMatch(/ my-lines my-words my-letters\n$/);
  });

  it.each([
    ['./none', /^HEADWAY_PIPELINES names \.\/none, which does not exist: there is no <here>\/none\.$/],
    ['./empty', /^HEADWAY_PIPELINES names \.\/empty, which holds no pipeline: .*TypeScript/],
    ['./words.ts', /^HEADWAY_PIPELINES names \.\/words\.ts, which is no \.js.*: compile it first/],
    ['./notes.txt', /^HEADWAY_PIPELINES names \.\/notes\.txt, which is no \.js, \.mjs or \.cjs file\.$/],
    [
      './nothing.js',
      /^HEADWAY_PIPELINES: nothing\.js exports no pipeline; export what `definePipeline` returns\.$/,
    ],
    [
      './throws.js',
      /^HEADWAY_PIPELINES: throws\.js:2 cannot be loaded: definePipeline: name "No Name" must be/,
    ],
    [
      './mistyped.js',
      /^HEADWAY_PIPELINES: mistyped\.js:2 cannot be loaded: definePipeline\("my-words"\): polcy: is no field of a pipeline; perhaps policy/,
    ],
    [
      'unknown-package',
      /^HEADWAY_PIPELINES names the package unknown-package, which is not installed in <here> or above\.$/,
    ],
    [
      'empty',
      /package empty, which is not installed .* A path begins with \.\/, so perhaps \.\/empty is meant\.$/,
    ],
  ])('says what is wrong with %s', async (name, expected) => {
    write('empty/words.ts', '');
    write('words.ts', '');
    write('notes.txt', '');
    write('nothing.js', 'exports.pipeline = { name: "looks-like-one" };');
    write('throws.js', commonJs('No Name'));
    write('mistyped.js', commonJs('my-words').replace('name:', 'polcy: { confidential: true }, name:'));
    expect(await sentence(name)).toMatch(expected);
  });

  const late = '\n\nthrow new TypeError("two\\n    at lines (/etc/x.js:1:1)");';
  it.each([
    ['a throw in an ES module', './throws.mjs', /: throws\.mjs:3 cannot be loaded: two /],
    ['a throw in a file beside it', './uses.mjs', /: uses\.mjs cannot be loaded: throws\.mjs:3: two /],
    ['a throw in CommonJS', './throws.cjs', /: throws\.cjs:3 cannot be loaded: two /],
    ['JSON that is none', './json.mjs', /: json\.mjs:2 cannot be loaded: /],
    ['a wrong pipeline', './wrong.mjs', /: wrong\.mjs:4 cannot be loaded: definePipeline: name /],
    ['a syntax error', './broken.mjs', /: broken\.mjs:2 cannot be loaded: Unexpected token/],
    ['a syntax error in CommonJS', './broken.cjs', /: broken\.cjs:2 cannot be loaded: Unexpected token/],
    ['an import that is not there', './import.mjs', /: import\.mjs:2 cannot be loaded: The requested module/],
    ['a package that is not there', './missing.mjs', /: missing\.mjs cannot be loaded: Cannot find package/],
  ])('says the line of %s, where Node.js tells it', async (_, name, expected) => {
    write('throws.mjs', late);
    write('throws.cjs', late);
    write('uses.mjs', 'import "./throws.mjs";');
    write('json.mjs', '\nJSON.parse("{");');
    write('wrong.mjs', esModule('No Name'));
    write('broken.mjs', '\nconst a = = 1;');
    write('broken.cjs', '\nconst a = = 1;');
    write('import.mjs', '\nimport { none } from "node:fs";');
    write('missing.mjs', '\nimport "not-there";');
    const child = startChild('pipelines/programs/show-pipelines.ts', [folder, name]);
    await child.ended;
    expect(child.stderr() + child.stdout()).toMatch(expected);
  });

  it('refuses a name that is there twice, and names both files', async () => {
    write('one.js', commonJs('my-words'));
    write('two.js', commonJs('my-words'));
    expect(await sentence('./one.js', './two.js')).toBe(
      'HEADWAY_PIPELINES: the pipeline "my-words" of two.js is also in one.js.',
    );
    write('three.js', commonJs('company-brief'));
    expect(await sentence('./three.js')).toMatch(/"company-brief" of three\.js is also in Headway itself\.$/);
  });
});
