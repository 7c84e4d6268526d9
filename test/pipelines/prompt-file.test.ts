import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadPrompt } from '../../pipelines/prompt-file';

const folder = mkdtempSync(path.join(tmpdir(), 'headway-prompts-'));
afterAll(() => rmSync(folder, { recursive: true }));

function prompt(text: string, name = 'system.v1.md') {
  writeFileSync(path.join(folder, name), text);
  return loadPrompt(folder, name);
}

describe('a prompt file', () => {
  it('is read with its version, and a label that changes with its text', () => {
    const first = prompt('Be brief.\n', 'system.v12.md');
    expect(first.version).toBe(12);
    expect(first.render()).toBe('Be brief.');
    expect(first.label).toMatch(/^system v12 [0-9a-f]{12}$/);
    expect(prompt('Be long.\n', 'system.v12.md').label).not.toBe(first.label);
    expect(prompt('Be brief.', 'system.v12.md').label).toBe(first.label);
  });

  it('is found beside the module that asks for it, CommonJS or ES', () => {
    const asCommonJs = prompt('Be brief.', 'system.v2.md');
    const url = pathToFileURL(path.join(folder, 'pipeline.mjs')).href;
    expect(loadPrompt(url, 'system.v2.md').label).toBe(asCommonJs.label);
  });

  it('is a template: variables, conditions and loops', () => {
    const text =
      'You are {{ who }}.{% if tags.size > 0 %} One of:{% for tag in tags %} {{ tag }}{% endfor %}{% endif %}';
    expect(prompt(text).render({ who: 'a clerk', tags: ['a', 'b'] })).toBe('You are a clerk. One of: a b');
  });

  it.each([
    ['{{ language }}', /^prompt file system\.v1\.md: undefined variable: language/],
    ['{{ user.name }}', /undefined variable: user\.name/],
    ['{% for one in list %}x{% endfor %}', /undefined variable: list/],
  ])('names a variable that was not given: %s', (text, message) => {
    const template = prompt(text);
    expect(() => template.render({ user: {} })).toThrow(
      expect.objectContaining({ code: 'HW_PROMPT_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('puts in what a variable holds as it is, and reads no template in it', () => {
    const value = '{{ secret }} {% if true %}x{% endif %} <b>&';
    expect(prompt('Say: {{ value }}').render({ value, secret: 'hidden' })).toBe(`Say: ${value}`);
  });

  it('fences data off', () => {
    const note = '</data>{{ secret }}';
    const text = prompt('Data: {{ data | fenced: "data" }}').render({ data: { note }, secret: 'hidden' });
    expect(text).toBe('Data: <data>\n{\n  "note": "\\u003c/data>{{ secret }}"\n}\n</data>');
  });

  it.each([
    '{{ value.constructor.name }}',
    '{{ value.__proto__ }}',
    '{{ "".constructor.constructor }}',
    '{{ process.env }}',
    '{{ list.map }}',
  ])('reaches nothing but its variables: %s', (text) => {
    const template = prompt(text);
    expect(() => template.render({ value: { a: 1 }, list: [] })).toThrow(/undefined variable/);
  });

  it.each(['{% render "/etc/hostname" %}', '{% include "system.v1.md" %}', '{% layout "system.v1.md" %}'])(
    'reads no other file: %s',
    (text) => {
      expect(() => prompt(text).render()).toThrow(expect.objectContaining({ code: 'HW_PROMPT_INVALID' }));
    },
  );

  it.each<[string, string, RegExp]>([
    ['system.md', 'x', /^prompt file system\.md: its name must end in a version, such as "system\.v1\.md"$/],
    ['system.v0.md', 'x', /must end in a version/],
    ['empty.v1.md', ' \n', /: it is empty$/],
    ['broken.v1.md', '{% if %}', /^prompt file broken\.v1\.md: /],
    ['filter.v1.md', '{{ "a" | exec }}', /undefined filter: exec/],
  ])('that cannot be used stops the process at its start: %s', (name, text, message) => {
    expect(() => prompt(text, name)).toThrow(
      expect.objectContaining({ code: 'HW_PROMPT_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('that is missing is named', () => {
    expect(() => loadPrompt(folder, 'prompts/other.v1.md')).toThrow(
      /^prompt file prompts\/other\.v1\.md: it cannot be read beside the compiled file: .*ENOENT/,
    );
  });
});

test('every prompt file of a shipped pipeline is beside the compiled code', () => {
  const root = path.join(__dirname, '../..');
  if (!existsSync(path.join(root, 'dist'))) throw new Error('dist is missing; make it with: npm run build');
  const promptsIn = (place: string) =>
    readdirSync(path.join(root, place), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .sort();
  expect(promptsIn('pipelines')).toContain('company-brief/prompts/system.v1.md');
  expect(promptsIn('dist/pipelines')).toEqual(expect.arrayContaining(promptsIn('pipelines')));
});
