import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadwayError } from '../../../contracts/errors';
import { loadConfig, type ConfigSection } from '../../../runtime/config/config';

export const folder = mkdtempSync(join(tmpdir(), 'headway-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Neither a local stack nor a profile of the developer is seen by these tests. */
export const bare = { HEADWAY_STACK_FILE: join(folder, 'none.json'), XDG_CONFIG_HOME: join(folder, 'none') };
export const complete = {
  ...bare,
  KAFKA_BROKERS: 'kafka-1:9092, kafka-2:9092',
  TEMPORAL_ADDRESS: 'temporal:7233',
  OPENAI_API_KEY: 'sk-test',
  DATABASE_URL: 'postgres://headway:secret@db:5432/internal',
};

/** The path of a file that has been written. */
export function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The sentences of the error, by the variable each begins with. */
export function problemsOf(env: NodeJS.ProcessEnv, sections?: ConfigSection[]): Record<string, string> {
  try {
    if (sections) loadConfig(env, sections);
    else loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(HeadwayError);
    expect((error as HeadwayError).code).toBe('HW_CONFIG_INVALID');
    const sentences = (error as HeadwayError).message.split('\n');
    return Object.fromEntries(sentences.map((sentence) => [sentence.split(' ', 1)[0] ?? '', sentence]));
  }
  return {};
}
