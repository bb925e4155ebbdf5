/** HTML made of parts: every value is text unless it is HTML already. */
export interface Html {
  readonly html: string;
}

type Value = string | number | Html | readonly (string | number | Html)[];

export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return { html: parts.map((part, index) => (index === 0 ? '' : textOf(values[index - 1] ?? '')) + part).join('') };
}

function textOf(value: Value): string {
  if (Array.isArray(value)) return value.map((each: string | number | Html) => textOf(each)).join('');
  if (typeof value === 'object') return (value as Html).html;
  return escaped(String(value));
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
