import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../runtime/project-root';
import { sourcesOf } from '../../../bench/contenders/java';
import { java as flink } from '../../../bench/contenders/flink';
import { java as parallelConsumer } from '../../../bench/contenders/parallel-consumer';
import { java as shareGroup } from '../../../bench/contenders/share-group';

const javaModule = join(projectRoot(), 'bench', 'strategies', 'java');
const files = readdirSync(join(javaModule, 'src', 'main', 'java', 'headway', 'bench'));

describe('the Java contenders', () => {
  it('leave no source out, and share only what no contender owns', () => {
    const compiled = [shareGroup, parallelConsumer, flink].map((contender) => sourcesOf(contender, files));

    expect([...new Set(compiled.flat())].sort()).toEqual([...files].sort());
    const common = files.filter((file) => compiled.every((sources) => sources.includes(file)));
    const owned = compiled.flat().filter((file) => !common.includes(file));
    expect(new Set(owned).size).toBe(owned.length);
  });

  it.each([shareGroup, parallelConsumer, flink])('have a profile in pom.xml: $profile', ({ profile }) => {
    expect(readFileSync(join(javaModule, 'pom.xml'), 'utf8')).toContain(`<id>${profile}</id>`);
  });

  it.each([shareGroup, parallelConsumer])('compile the class they start: $main', (contender) => {
    const file = `${contender.main.split('.').at(-1)}.java`;

    expect(sourcesOf(contender, files)).toContain(file);
  });
});
