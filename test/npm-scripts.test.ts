import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../runtime/project-root';

const { scripts } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
/** Those that build, and then run a program. */
const programs = Object.entries(scripts).filter(([, script]) => /build && .*\bnode /.test(script));

test('there are such scripts', () => expect(programs.map(([name]) => name)).toContain('bridge'));

test.each(programs)(
  'a signal to `npm run %s` reaches the program: no shell stands between',
  (_name, script) => {
    // https://docs.npmjs.com/cli/v11/using-npm/scripts: npm passes it to the shell, which ends without passing it on.
    expect(script).toMatch(/^npm run --silent build && exec node \S/);
  },
);
