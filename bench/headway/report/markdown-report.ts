import type { PartText, Written, WrittenPart } from './written';

/** @param base of the file names: plots are looked for beside the Markdown file */
export function markdownReport(written: Written, texts: ReadonlyMap<string, PartText>, base: string): string {
  const { date, machine, command, versions, options, parts } = written;
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `# What Headway costs: ${date}, ${options.engine} engine`,
    `${machine}. \`${command}\`: size ${options.size}, seed ${options.seed}. Versions: ${named.join(', ')}.`,
    ...Object.entries(parts).flatMap(([name, part]) => section(part, texts.get(name), base)),
  ].join('\n\n');
}

function section({ title, problem }: WrittenPart, text: PartText | undefined, base: string): string[] {
  const heading = `## ${title}`;
  if (problem !== undefined) return [heading, `Not measured: ${problem}`];
  const plots = Object.keys(text?.charts ?? {}).map((name) => `![${name}](${base}-${name}.svg)`);
  return [heading, text?.markdown.trim() ?? '', ...plots];
}
