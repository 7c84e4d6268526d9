import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes } from '../../contracts/errors';
import { commandFor, withDocsOfHere } from '../../runtime/in-user-terms';
import { projectRoot } from '../../runtime/project-root';

const installed = '/home/me/shop/node_modules/headway';

test('a clone has npm scripts, an installed package commands', () => {
  expect(commandFor('stack')).toBe('npm run stack');
  expect(commandFor('stack', '--fresh')).toBe('npm run stack -- --fresh');
  expect(commandFor('stack', '', installed)).toBe('npx headway-stack');
  expect(commandFor('stack', '--fresh', installed)).toBe('npx headway-stack --fresh');
});

test('documents are named by where they lie', () => {
  const text = 'See docs/guides/redrive.md, and docs/llm.md.';
  expect(withDocsOfHere(text)).toBe(text);
  expect(withDocsOfHere(text, installed, '/home/me/shop')).toBe(
    'See node_modules/headway/docs/guides/redrive.md, and node_modules/headway/docs/llm.md.',
  );
});

test('the package has the documents that messages name', () => {
  const { files } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as {
    files: string[];
  };
  expect(files).toContain('docs/**/*.md');
  const named = Object.values(errorCodes).flatMap(({ action }) => action.match(/docs\/[\w/-]+\.md/g) ?? []);
  expect(named).not.toEqual([]);
  for (const file of named) expect([file, existsSync(join(projectRoot(), file))]).toEqual([file, true]);
});

test('no message names a script that an installed package does not have', () => {
  const shipped = [
    'activities',
    'bridge',
    'cli',
    'contracts',
    'library',
    'pipelines',
    'runtime',
    'stack',
    'workers',
  ];
  const naming = shipped.flatMap((folder) =>
    readdirSync(join(projectRoot(), folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, file))
      .filter((file) =>
        /npm run (stack|bridge|http|worker)\b/.test(readFileSync(join(projectRoot(), file), 'utf8')),
      ),
  );
  expect(naming).toEqual([]);
});
