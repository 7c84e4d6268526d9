import { placeOfLoadError } from '../../pipelines/place-of-load-error';

const withStack = (...files: string[]) => {
  const error = new Error('no');
  error.stack = ['Error: no', ...files.map((file) => `    at async run (${file}:7:1)`)].join('\n');
  return error;
};

test.each([
  ['the program that loads it', ['node:internal/x', '/h/loader.js', '/app/main.js'], undefined],
  [
    'a package that it uses',
    ['/app/node_modules/zod/index.js', '/app/mine.js', '/h/loader.js'],
    '/app/mine.js',
  ],
])('%s is not where it failed', async (_, files, expected) => {
  const place = await placeOfLoadError(withStack(...files), '/app/mine.js', '/h/loader.js');
  expect(place?.file).toBe(expected);
});

test('a package that was named is looked into', async () => {
  const file = '/app/node_modules/theirs/index.js';
  const place = await placeOfLoadError(withStack(file, '/h/loader.js'), file, '/h/loader.js');
  expect(place).toMatchObject({ file, line: 7 });
});
