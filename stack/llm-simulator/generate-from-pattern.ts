import type { Random } from './random';

type Part = { choices: Part[][] } | { characters: string } | { part: Part; min: number; max: number };

const digits = '0123456789';
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
const shorthands: Record<string, string> = { d: digits, w: `${letters}${digits}_`, s: ' ' };

/**
 * A text that matches a regular expression, or undefined when none was found: look-arounds and back references
 * are not understood, only checked.
 */
export function generateFromPattern(
  pattern: string,
  random: Random,
  accept: (text: string) => boolean = () => true,
): string | undefined {
  let check: RegExp;
  let part: Part;
  try {
    check = new RegExp(pattern, 'u');
    part = parsePattern(pattern);
  } catch {
    return undefined;
  }
  for (let attempt = 0; attempt < 50; attempt++) {
    const text = write(part, random);
    if (check.test(text) && accept(text)) return text;
  }
  return undefined;
}

function write(part: Part, random: Random): string {
  if ('characters' in part) return random.pick([...part.characters]);
  if ('choices' in part)
    return random
      .pick(part.choices)
      .map((item) => write(item, random))
      .join('');
  const count = random.integer(part.min, part.max);
  return Array.from({ length: count }, () => write(part.part, random)).join('');
}

function parsePattern(pattern: string): Part {
  const characters = [...pattern];
  let at = 0;

  function choices(): Part {
    const all: Part[][] = [[]];
    while (at < characters.length && characters[at] !== ')') {
      if (characters[at] === '|') {
        at++;
        all.push([]);
      } else {
        const item = quantified(atom());
        if (item) all.at(-1)!.push(item);
      }
    }
    return { choices: all };
  }

  function atom(): Part | undefined {
    const character = characters[at++]!;
    if (character === '^' || character === '$') return undefined;
    if (character === '.') return { characters: letters };
    if (character === '[') return { characters: characterClass() };
    if (character === '\\') return escaped();
    if (character === '(') return group();
    return { characters: character };
  }

  function group(): Part | undefined {
    const head = /^\?(?::|<[A-Za-z]\w*>|<?[=!])/.exec(characters.slice(at).join(''))?.[0] ?? '';
    at += head.length;
    const inner = choices();
    at++;
    return /[=!]$/.test(head) ? undefined : inner;
  }

  function escaped(): Part | undefined {
    const character = characters[at++]!;
    if (character === 'b' || character === 'B') return undefined;
    return { characters: escapedSet(character) };
  }

  function escapedSet(character: string): string {
    if (character in shorthands) return shorthands[character]!;
    const opposite = shorthands[character.toLowerCase()];
    if (opposite && character !== character.toLowerCase()) return without(opposite);
    if (character === 'p' || character === 'P') {
      while (characters[at++] !== '}');
      return letters;
    }
    if (character === 'u' || character === 'x') {
      const code = /^\{?([0-9a-fA-F]+)\}?/.exec(
        characters.slice(at, at + (character === 'u' ? 4 : 2)).join(''),
      )!;
      at += code[0].length;
      return String.fromCodePoint(parseInt(code[1]!, 16));
    }
    return { n: '\n', r: '\r', t: '\t' }[character] ?? character;
  }

  function characterClass(): string {
    const negated = characters[at] === '^';
    if (negated) at++;
    let set = '';
    while (characters[at] !== ']') {
      const start = member();
      if (characters[at] === '-' && characters[at + 1] !== ']' && start.length === 1) {
        at++;
        const end = member();
        for (let code = start.codePointAt(0)!; code <= end.codePointAt(0)!; code++)
          set += String.fromCodePoint(code);
      } else {
        set += start;
      }
      if (at > characters.length) throw new SyntaxError('unterminated class');
    }
    at++;
    return negated ? without(set) : set;
  }

  function member(): string {
    const character = characters[at++]!;
    return character === '\\' ? escapedSet(characters[at++]!) : character;
  }

  function quantified(part: Part | undefined): Part | undefined {
    const rest = characters.slice(at, at + 12).join('');
    const found = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(rest);
    if (!found) return part;
    at += found[0].length;
    if (!part) return undefined;
    if (found[1]) {
      const [min, max] = { '*': [0, 4], '+': [1, 5], '?': [0, 1] }[found[1]] as [number, number];
      return { part, min, max };
    }
    const min = Number(found[2]);
    return { part, min, max: found[4] ? Number(found[4]) : found[3] ? min + 4 : min };
  }

  return choices();
}

function without(set: string): string {
  return [...printable].filter((character) => !set.includes(character)).join('');
}
