import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePipeline } from '../../../cli/new/write-pipeline';
import { loadRegistry } from '../../../pipelines/load-pipelines';

const root = join(__dirname, '..', '..', '..');
const hook = join(root, 'test', 'support', 'typescript-hook.cjs');
let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), 'headway-new-'))));
afterEach(() => rmSync(cwd, { recursive: true }));

/** The package `headway`, from the sources. */
function installHeadway(): void {
  const folder = join(cwd, 'node_modules', 'headway');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"name":"headway","type":"module","main":"index.js"}');
  const library = JSON.stringify(join(root, 'library', 'index.ts'));
  writeFileSync(
    join(folder, 'index.js'),
    `import { createRequire } from 'node:module';
     export const { definePipeline, fenced, z } = createRequire(import.meta.url)(${library});`,
  );
}

function node(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', hook, ...args], {
    cwd,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

describe('writePipeline', () => {
  it('elsewhere writes a module whose test passes, and which HEADWAY_PIPELINES loads', () => {
    installHeadway();
    const { files, next } = writePipeline({ name: 'ticket-triage', folder: 'mine', cwd });
    expect(files).toEqual(['mine/ticket-triage/pipeline.mjs', 'mine/ticket-triage/pipeline.test.mjs']);
    expect(next).toContain('HEADWAY_PIPELINES=./mine ');

    const test = node(files[1]!);
    expect(test.output).toMatch(/^# pass 3$/m);
    expect(test.status).toBe(0);
    const show = join(root, 'test', 'pipelines', 'programs', 'show-pipelines.ts');
    expect(node(show, cwd, './mine').output).toMatch(/ ticket-triage\n$/);
  });

  it('in its own repository writes TypeScript beside the other pipelines, and the test beside theirs', () => {
    writeFileSync(join(cwd, 'package.json'), '{"name":"headway"}');
    mkdirSync(join(cwd, 'pipelines'));
    writeFileSync(join(cwd, 'pipelines', 'registry.ts'), '');
    const { files, next } = writePipeline({ name: 'new', folder: 'pipelines', cwd });
    expect(files).toEqual(['pipelines/new/pipeline.ts', 'test/pipelines/new/pipeline.test.ts']);
    expect(readFileSync(join(cwd, files[0]!), 'utf8')).toContain(
      'export const newPipeline = definePipeline({',
    );
    expect(next).toContain('pipelines/registry.ts');
  });

  it('touches nothing where there is something', () => {
    mkdirSync(join(cwd, 'mine', 'ticket-triage'), { recursive: true });
    expect(() => writePipeline({ name: 'ticket-triage', folder: 'mine', cwd })).toThrow(
      'mine/ticket-triage exists already; choose another name, or remove it first.',
    );
    expect(existsSync(join(cwd, 'mine', 'ticket-triage', 'pipeline.mjs'))).toBe(false);
  });

  it.each(['Ticket', 'ticket triage', '../x', '', '1st', 'a'.repeat(65)])('refuses the name "%s"', (name) => {
    expect(() => writePipeline({ name, folder: '.', cwd })).toThrow(
      /^name: ".*" must be .* such as ticket-triage\.$/,
    );
  });

  it('refuses the name of a pipeline that is there', async () => {
    const { pipelines } = await loadRegistry([]);
    for (const { name } of pipelines) {
      expect(() => writePipeline({ name, folder: '.', cwd })).toThrow(
        /comes with Headway; choose another name/,
      );
    }
  });
});
