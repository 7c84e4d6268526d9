import { join } from 'node:path';
import { configTables, describeConfig } from '../../../runtime/config/describe-config';
import { environmentSchema } from '../../../runtime/config/environment';
import { expectGenerated } from '../../support/generated-docs';

const page = join(__dirname, '..', '..', '..', 'docs', 'reference', 'configuration.md');

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
    expectGenerated(page, 'variables', configTables());
  });
});
