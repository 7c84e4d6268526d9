import { Argument } from 'commander';
import type { CliContext } from '../context';
import { HeadwayCommand } from '../headway-command';
import { writePipeline } from '../new/write-pipeline';

/** `headway new pipeline NAME`: a pipeline to start from, with a test that passes. */
export function newCommand(context: CliContext): HeadwayCommand {
  return new HeadwayCommand('new')
    .description('write a pipeline with a test that passes, to be changed from there')
    .addArgument(new Argument('<what>', 'what to write').choices(['pipeline']))
    .argument('<name>', 'its name: lower-case words joined by hyphens')
    .option('--folder <path>', 'folder of pipelines to put it in', 'pipelines')
    .withExample('headway new pipeline ticket-triage')
    .action((_what: string, name: string, { folder }: { folder: string }) => {
      const { files, next } = writePipeline({ name, folder, cwd: process.cwd() });
      context.stdout.write(files.map((file) => `${file}\n`).join(''));
      context.stderr.write(`\n${next}\n`);
    });
}
