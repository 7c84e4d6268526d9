import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '..', '..');
const guide = readFileSync(join(root, 'docs', 'guides', 'write-a-pipeline.md'), 'utf8');

/** Code blocks by the path that their first line names. */
const blocks = new Map(
  [...guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, path, code]) => [
    join(root, path!),
    code!,
  ]),
);

describe('docs/guides/write-a-pipeline.md', () => {
  it('names a file in every code block', () => {
    expect(blocks.size).toBe(guide.match(/```\w+/g)!.length);
  });

  it('has code blocks that compile, each in its place', () => {
    expect(compileErrors()).toEqual([]);
  }, 60_000);
});

function compileErrors(): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, root);
  const host = ts.createCompilerHost({ ...options, noEmit: true });
  const { fileExists, readFile } = host;
  host.fileExists = (path) => blocks.has(path) || fileExists(path);
  // Otherwise nothing is looked up in folders that only the guide knows.
  host.directoryExists = undefined;
  host.readFile = (path) => blocks.get(path) ?? readFile(path);
  const program = ts.createProgram([...blocks.keys()], { ...options, noEmit: true }, host);
  return [...blocks.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    const errors = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return errors.map(
      ({ messageText }) =>
        `${path.slice(root.length + 1)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  });
}
