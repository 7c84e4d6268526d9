/**
 * Beside structured output the web search leaves its citations as markers of private-use characters in the text, such
 * as `U+E200 cite U+E202 turn1search0 U+E201`: https://github.com/openai/openai-agents-python/issues/2051
 */
const marker = / ?\uE200[^\uE200\uE201]*\uE201/g;

/** The text as a person should read it: without the markers and the spaces before them. */
export function withoutCitationMarkers(text: string): string {
  return text.replace(marker, '').trim();
}
