/**
 * Data for a prompt, as JSON between two tags of its own, so that the model can tell it from instructions. Nothing in the data can close
 * the fence, open another or begin a line outside of it: every `<` and every line break in it is escaped, as JSON reads it. Say in the
 * system prompt that what stands between the tags is data.
 *
 * @param tag lower-case letters, digits and underscores
 * @throws TypeError when the tag is none, or the data cannot be written as JSON
 */
export function fenced(tag: string, data: unknown): string {
  if (!/^[a-z][a-z0-9_]*$/.test(tag)) {
    throw new TypeError(`fenced: tag "${tag}" must be lower-case letters, digits and underscores`);
  }
  const json = JSON.stringify(data, null, 2) as string | undefined;
  if (json === undefined) throw new TypeError(`fenced: the data of "${tag}" cannot be written as JSON`);
  return `<${tag}>\n${json.replace(/[<\u2028\u2029]/g, escaped)}\n</${tag}>`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
