import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../../runtime/project-root';

/** What all contenders stand on. Their own versions are in their `about`. */
export function versionsHere(): Record<string, string> {
  const { version, dependencies } = JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const kafka = /<kafka\.version>([^<]+)</.exec(
    readFileSync(join(projectRoot(), 'stack', 'kafka', 'pom.xml'), 'utf8'),
  )?.[1];
  return {
    headway: version,
    node: process.version,
    kafkajs: dependencies.kafkajs ?? '',
    ...(kafka === undefined ? {} : { kafka }),
  };
}
