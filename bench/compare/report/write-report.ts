import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allScenarios } from '../scenarios';
import { latencyPlot } from './latency-plot';
import { lostPlot } from './lost-plot';
import { slotsPlot } from './slots-plot';
import { markdown } from './table';
import { timelinePlot } from './timeline-plot';
import type { Written } from './written';

/** Writes `<date>.json`, `<date>.md` and the plots, which begin with the date too. Returns the paths. */
export async function writeReport(folder: string, written: Written): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  const write = async (name: string, text: string) => {
    const path = join(folder, `${written.date}${name}`);
    await writeFile(path, text);
    paths.push(path);
  };
  await write('.json', `${JSON.stringify(written)}\n`);
  await write('.md', markdown(written));
  for (const scenario of new Set(written.runs.map((run) => run.scenario))) {
    for (const plot of await plotsOf(written, scenario)) await write(`-${plot.name}.svg`, plot.svg);
  }
  return paths;
}

async function plotsOf(written: Written, name: string) {
  const scenario = allScenarios.find((one) => one.name === name);
  const struck = (scenario?.kills ?? scenario?.guests ?? scenario?.llmAway) !== undefined;
  const plots = await Promise.all([
    latencyPlot(written, name),
    slotsPlot(written, name),
    ...(struck ? [timelinePlot(written, name), lostPlot(written, name)] : []),
  ]);
  return plots.filter((plot) => plot !== undefined);
}
