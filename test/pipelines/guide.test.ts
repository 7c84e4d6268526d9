import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../runtime/project-root';
import { blocksOf, compileErrors } from '../support/compile-blocks';

/** The second one imports the built package by its name, as a program of somebody else does. */
describe.each(['docs/guides/write-a-pipeline.md', 'docs/guides/use-as-a-library.md'])('%s', (page) => {
  it('names a file in every code block', () => {
    const text = readFileSync(join(projectRoot(), page), 'utf8');
    expect(blocksOf(page).size).toBe(text.match(/```\w+/g)!.length);
  });

  it('has code blocks that compile, each in its place', () => {
    expect(compileErrors(blocksOf(page))).toEqual([]);
  }, 60_000);
});
