import { generateFromPattern } from './generate-from-pattern';
import type { JsonSchema } from './json-schema';
import type { Material } from './material';
import type { Random } from './random';
import type { Citation } from './sources';

const urlName =
  /^(?:ur[li]|href|link|source|citation|reference|website|homepage|permalink)s?$|[_-]ur[li]s?$|Ur[li]s?$|U[RI][LI]s?$/;

/** Whether a property of that name holds a web address, such as `url`, `sources` or `imageUrl`. */
export function isUrlProperty(name: string): boolean {
  return urlName.test(name);
}

/**
 * A text within the length, format and pattern of the schema.
 * @param citation the page the surrounding object is about
 */
export function generateString(
  schema: JsonSchema,
  name: string,
  material: Material,
  citation?: Citation,
): string {
  const { random, writer, sources } = material;
  const fits = (text: string) => isWithinLength(text, schema);
  if (schema.format) {
    const text = formatted(schema.format, material);
    if (text !== undefined) return text;
  }
  if (schema.pattern) {
    const text = generateFromPattern(schema.pattern, random, fits);
    if (text !== undefined) return text;
  }
  if (isUrlProperty(name)) {
    const { spelling } = citation ?? sources.cite();
    if (fits(spelling)) return spelling;
  }
  const text =
    citation && /title|name|publisher/i.test(name) ? citation.page.title : writer.forProperty(name);
  return fitLength(text, schema, writer.fact);
}

function formatted(format: string, { random, writer, sources }: Material): string | undefined {
  switch (format) {
    case 'date':
      return dateOf(random);
    case 'time':
      return `${timeOf(random)}Z`;
    case 'date-time':
      return `${dateOf(random)}T${timeOf(random)}Z`;
    case 'duration':
      return `P${random.integer(1, 30)}D`;
    case 'email':
      return `contact@${writer.forProperty('domain')}`;
    case 'hostname':
      return writer.forProperty('domain');
    case 'ipv4':
      return `192.0.2.${random.integer(1, 254)}`;
    case 'ipv6':
      return `2001:db8::${random.integer(1, 9999)}`;
    case 'uuid':
      return uuidOf(random);
    case 'uri':
    case 'url':
    case 'uri-reference':
    case 'iri':
      return sources.cite().spelling;
    default:
      return undefined;
  }
}

function isWithinLength(text: string, { minLength = 0, maxLength = Infinity }: JsonSchema): boolean {
  // JSON Schema counts characters, not UTF-16 units.
  const length = [...text].length;
  return length >= minLength && length <= maxLength;
}

/** Cut at a word where possible, or continued with more sentences. */
function fitLength(text: string, schema: JsonSchema, more: () => string): string {
  const { minLength = 0, maxLength = Infinity } = schema;
  if (minLength === 0 && text.length <= maxLength) return text;
  let fitted = text;
  while ([...fitted].length < minLength) fitted += ` ${more()}`;
  const characters = [...fitted];
  if (characters.length <= maxLength) return fitted;
  const cut = characters.slice(0, maxLength).join('');
  const atWord = cut.replace(/\s+\S*$/, '');
  return atWord !== '' && isWithinLength(atWord, schema) ? atWord : cut;
}

const twoDigits = (value: number) => String(value).padStart(2, '0');

function dateOf(random: Random): string {
  return `${random.integer(2019, 2025)}-${twoDigits(random.integer(1, 12))}-${twoDigits(random.integer(1, 28))}`;
}

function timeOf(random: Random): string {
  return [random.integer(0, 23), random.integer(0, 59), random.integer(0, 59)].map(twoDigits).join(':');
}

function uuidOf(random: Random): string {
  const hex = (count: number) =>
    Array.from({ length: count }, () => random.integer(0, 15).toString(16)).join('');
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${random.pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`;
}
