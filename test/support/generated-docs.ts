import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Fails when a page does not say, between the comments `<!-- name -->` and `<!-- end of name -->`, what is generated now. With UPDATE_DOCS=1 it
 * is written there instead.
 */
export function expectGenerated(page: string, name: string, generated: string): void {
  const between = new RegExp(`(?<=<!-- ${name} -->\n).*(?=<!-- end of ${name} -->)`, 's');
  const expected = `\n${generated}\n\n`;
  const text = readFileSync(page, 'utf8');
  expect(text).toMatch(between);
  if (process.env.UPDATE_DOCS)
    writeFileSync(
      page,
      text.replace(between, () => expected),
    );
  else expect(between.exec(text)?.[0]).toBe(expected);
}

/** The same for a file that is generated as a whole. */
export function expectGeneratedFile(file: string, generated: string): void {
  if (process.env.UPDATE_DOCS) writeFileSync(file, generated);
  expect(readFileSync(file, 'utf8')).toBe(generated);
}
