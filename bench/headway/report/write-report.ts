import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownReport } from './markdown-report';
import type { PartText, Written } from './written';

/**
 * Writes `headway-<date>-<engine>` with `.json`, `.md` and `-<chart>.svg`, over those of an earlier run of the same day.
 *
 * @param texts by name of the part
 * @param suffix of the names, for what must not take the place of a measured run
 * @returns the paths
 */
export async function writeReport(
  folder: string,
  written: Written,
  texts: ReadonlyMap<string, PartText>,
  suffix = '',
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const base = `headway-${written.date}-${written.options.engine}${suffix}`;
  const paths: string[] = [];
  const write = async (name: string, text: string) => {
    const path = join(folder, name);
    await writeFile(path, text.endsWith('\n') ? text : `${text}\n`);
    paths.push(path);
  };
  await write(`${base}.json`, JSON.stringify(written));
  await write(`${base}.md`, markdownReport(written, texts, base));
  for (const { charts } of texts.values()) {
    for (const [name, svg] of Object.entries(charts)) await write(`${base}-${name}.svg`, svg);
  }
  return paths;
}
