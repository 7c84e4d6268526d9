import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configTables, describeConfig } from '../../runtime/describe-config';
import { environmentSchema } from '../../runtime/environment';

const page = join(__dirname, '..', '..', 'docs', 'reference', 'configuration.md');
const generated = /(?<=<!-- variables -->\n).*(?=<!-- end of variables -->)/s;

describe('describeConfig', () => {
  it('knows every variable of the schema', () => {
    const described = describeConfig().map(({ name }) => name);
    expect(described.sort()).toEqual(Object.keys(environmentSchema.shape).sort());
  });

  it('says the default that the schema has', () => {
    for (const { name, otherwise } of describeConfig()) {
      const value = environmentSchema.shape[name].safeParse(undefined);
      if (value.data !== undefined) expect([name, otherwise]).toEqual([name, String(value.data)]);
    }
  });

  it('is what docs/reference/configuration.md says; UPDATE_DOCS=1 writes it anew', () => {
    const tables = `\n${configTables()}\n\n`;
    const text = readFileSync(page, 'utf8');
    if (process.env.UPDATE_DOCS)
      writeFileSync(
        page,
        text.replace(generated, () => tables),
      );
    else expect(generated.exec(text)?.[0]).toBe(tables);
  });
});
