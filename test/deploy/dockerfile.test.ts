import { existsSync } from 'node:fs';
import { pathOf, textOf } from './compose-file';

interface Instruction {
  name: string;
  words: string[];
}

function instructionsOf(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [name = '', ...words] = line.split(/\s+/);
    return { name, words };
  });
}

/** What `COPY` takes from the repository, and what it takes from the first stage (`COPY --from=build`). */
function copied(text: string): { fromRepository: string[]; fromBuild: string[] } {
  const copies = instructionsOf(text).filter(({ name }) => name === 'COPY');
  const sources = (wanted: boolean) =>
    copies
      .filter(({ words }) => words[0]?.startsWith('--from=') === wanted)
      .flatMap(({ words }) => words.filter((word) => !word.startsWith('--')).slice(0, -1));
  return { fromRepository: sources(false), fromBuild: sources(true) };
}

/** The lines of .dockerignore decide in order, the last one that fits wins; enough of its rules for ours. */
function isIgnored(path: string, lines: string[]): boolean {
  let ignored = false;
  for (const line of lines) {
    const pattern = line.replace(/^!/, '');
    const regex = pattern.replace(/\./g, '\\.').replace(/\*/g, '[^/]*');
    if (new RegExp(`^${regex}(/|$)`).test(path)) ignored = !line.startsWith('!');
  }
  return ignored;
}

/** One sentence for each source that would not be there. */
function missing(dockerfile: string, ignore: string): string[] {
  const lines = ignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const { fromRepository, fromBuild } = copied(dockerfile);
  const made = ['node_modules', 'dist', '/payloads'];
  const kept = fromBuild.map((path) => path.replace('/app/', '')).filter((path) => !made.includes(path));
  return [...fromRepository.filter((path) => path !== '.'), ...kept].flatMap((path) => {
    if (!existsSync(pathOf(path))) return [`${path} does not exist`];
    return isIgnored(path, lines) ? [`${path} is in .dockerignore`] : [];
  });
}

const dockerfile = textOf('Dockerfile');
const dockerignore = textOf('.dockerignore');

it('copies only what is there', () => {
  expect(missing(dockerfile, dockerignore)).toEqual([]);
  expect(missing('COPY nothing ./', dockerignore)).toEqual(['nothing does not exist']);
  expect(missing(dockerfile, `${dockerignore}\nstack`)).toEqual(['stack/postgres is in .dockerignore']);
  expect(missing(dockerfile, dockerignore.replace('!deploy', '!other'))).toEqual([
    'deploy/llm/open-simulator.cjs is in .dockerignore',
  ]);
});

it('keeps secrets, history and what was built elsewhere out of the image', () => {
  const lines = dockerignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  for (const path of ['.env', '.git/config', '.npmrc', 'node_modules/pg', 'dist/workers', 'test/runtime']) {
    expect({ path, ignored: isIgnored(path, lines) }).toEqual({ path, ignored: true });
  }
  for (const path of [
    'package.json',
    'tsconfig.build.json',
    'workers/main.ts',
    'stack/postgres/migrate.ts',
  ]) {
    expect({ path, ignored: isIgnored(path, lines) }).toEqual({ path, ignored: false });
  }
});

it('has one pinned Node.js with glibc, of an LTS line that package.json allows', () => {
  const images = instructionsOf(dockerfile).filter(({ name }) => name === 'FROM');
  const [image = ''] = [...new Set(images.map(({ words }) => words[0]))];
  expect(new Set(images.map(({ words }) => words[0])).size).toBe(1);
  const [, major, minor] =
    /^node:(\d+)\.(\d+)\.\d+-bookworm-slim@sha256:[0-9a-f]{64}$/.exec(image)?.map(Number) ?? [];
  expect(major! % 2).toBe(0);

  const { engines } = JSON.parse(textOf('package.json')) as { engines: { node: string } };
  const [, leastMajor = 99, leastMinor = 0] = /^>=(\d+)\.(\d+)\.\d+$/.exec(engines.node)?.map(Number) ?? [];
  expect(major! > leastMajor || (major === leastMajor && minor! >= leastMinor)).toBe(true);
});

it('ends without root, and without devDependencies', () => {
  const instructions = instructionsOf(dockerfile);
  expect(instructions.findLast(({ name }) => name === 'USER')?.words).toEqual(['node']);
  expect(instructions.at(-1)?.name).toBe('CMD');
  const [build, last] = dockerfile.split(/^FROM (?!.* AS )/m);
  expect(build).toContain('npm prune --omit=dev');
  expect(last).not.toMatch(/^RUN /m);
});
