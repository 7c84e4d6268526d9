import { z } from 'zod';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { loadRegistry } from '../../pipelines/load-pipelines';
import { loadConfig } from '../../runtime/config/config';
import type { CliContext } from '../context';
import { HeadwayCommand } from '../headway-command';
import { printJson } from '../output';

/** `headway pipelines`: what kinds of jobs there are. */
export function pipelinesCommand(context: CliContext): HeadwayCommand {
  return new HeadwayCommand('pipelines')
    .description('list the installed pipelines, or the JSON Schemas of one')
    .argument('[name]', 'pipeline whose schemas to print')
    .option('--json', 'print JSON: all pipelines with their schemas')
    .withExample('headway pipelines company-brief')
    .action(async (name: string | undefined, { json }: { json?: boolean }) => {
      const config = loadConfig(context.env, ['pipelines']);
      const { pipelines, pipelineNamed } = await loadRegistry(config.pipelines);
      if (name !== undefined) printJson(context, describe(pipelineNamed(name)));
      else if (json) printJson(context, { pipelines: pipelines.map(describe) });
      else context.stdout.write(pipelines.map((pipeline) => `${pipeline.name}\n`).join(''));
    });
}

/** `request`: what `input` must be. `response`: what the model answers. */
function describe({ name, request, response }: Pipeline) {
  return {
    name,
    request: z.toJSONSchema(request, { io: 'input', unrepresentable: 'any' }),
    response: z.toJSONSchema(response, { unrepresentable: 'any' }),
  };
}
