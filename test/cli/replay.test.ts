import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { checkPipelines } from '../../cli/replay/check-pipelines';
import { exitCodes } from '../../cli/exit-codes';
import type { Pipeline } from '../../pipelines/define-pipeline';
import { headway } from '../support/headway';
import { historiesFolder } from '../support/record-history';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headway-replay-'));
  cpSync(join(historiesFolder, 'pack-of-many.json'), join(folder, 'tuesday.json'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function change(from: string, to: string): void {
  const path = join(folder, 'tuesday.json');
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replaceAll(from, to));
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** In what the workflow was started with. The two have one length, so that what follows stays as it is. */
function changeInput(from: string, to: string): void {
  const path = join(folder, 'tuesday.json');
  const history = JSON.parse(readFileSync(path, 'utf8')) as {
    events: { workflowExecutionStartedEventAttributes: { input: { payloads: { data: string }[] } } }[];
  };
  const [payload] = history.events[0]!.workflowExecutionStartedEventAttributes.input.payloads;
  const text = Buffer.from(payload!.data, 'base64').toString();
  expect(text).toContain(from);
  payload!.data = base64(text.replaceAll(from, to));
  writeFileSync(path, JSON.stringify(history));
}

test('histories in a folder that fit this build are counted', async () => {
  const { code, stdout } = await headway({}, ['replay', folder]);
  expect([code, stdout]).toEqual([exitCodes.ok, '1 of 1 histories fit this build.\n']);
});

test('one that does not replay is named, with what to do', async () => {
  change('"startLlmCalls"', '"callTheModel"');
  const { code, stdout } = await headway({}, ['replay', folder]);
  expect(code).toBe(exitCodes.badFinding);
  expect(stdout).toMatch(/^History tuesday does not replay on this build: .*callTheModel.*patched\(\)/);
  expect(stdout).toMatch(/\n0 of 1 histories fit this build\.\n$/);
});

test('one with a job of a pipeline that is gone, or takes other input now, is named', async () => {
  changeInput('"company-brief"', '"company-brand"');
  const gone = await headway({}, ['replay', '--json', folder]);
  expect(gone.code).toBe(exitCodes.badFinding);
  expect(JSON.parse(gone.stdout)).toMatchObject({ ok: false, replayed: 1 });
  expect(gone.stdout).toMatch(/History tuesday has job \S+: there is no pipeline company-brand any more/);
  changeInput('"company-brand"', '"company-brief"');
  changeInput('"question":', '"queston":');
  const other = await headway({}, ['replay', folder]);
  expect(other.stdout).toMatch(/pipeline company-brief does not take its input any more, .*question/);
});

test('what is no history is a wrong argument', async () => {
  writeFileSync(join(folder, 'other.json'), '{"events":[]}');
  const { code, stderr } = await headway({}, ['replay', join(folder, 'other.json')]);
  expect(code).toBe(exitCodes.usage);
  expect(stderr).toMatch(/other\.json is no history of a workflow: it has no events/);
});

test('a request schema that throws does not take the input', async () => {
  const job = { id: 'a', pipeline: 'p', input: {}, source: { door: 'http', timestamp: 0 } };
  const payloads = [defaultPayloadConverter.toPayload({ jobs: [job], policies: {}, llmTaskQueue: 'q' })];
  const history = { events: [{ workflowExecutionStartedEventAttributes: { input: { payloads } } }] };
  const throws = z.looseObject({}).refine(() => {
    throw new Error('cannot stand it');
  });
  const pipeline = { request: throws, policy: { confidential: false } } as unknown as Pipeline;
  const found = await checkPipelines({ name: 'monday', history }, () => pipeline);
  expect(found).toContain('pipeline p does not take its input any more');
  expect(found).toContain('cannot stand it');
});

test('a job that lies in a payload store is left to the replay', async () => {
  const payloads = [{ metadata: { encoding: Buffer.from('json/protobuf') }, data: Buffer.from('{}') }];
  const history = { events: [{ workflowExecutionStartedEventAttributes: { input: { payloads } } }] };
  const pipelineNamed = () => {
    throw new Error('nobody asked');
  };
  expect(await checkPipelines({ name: 'monday', history }, pipelineNamed)).toBeUndefined();
});
