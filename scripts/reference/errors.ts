/** docs/errors.md, from the catalog of error codes. */
import { errorCatalog } from '../../src/runtime/error-catalog.ts'

/** The document: every code in the order of the catalog. */
export function errorReference(): string {
  const lines = [
    '# Errors',
    '',
    'Made by `npm run reference:write` from `src/runtime/error-catalog.ts`.',
    '',
    'Every error that Peerage throws on purpose is a `PeerageError` with one of these codes. Programs decide by the code,',
    'never by the message: `PeerageError.is(error, code)`. In a message, `<name>` stands for the value of that name in',
    '`error.details`. The advice is `error.advice`. The last column is what the original called the condition, where it',
    'had a name for it.',
    '',
    '| code | message | advice | original |',
    '| --- | --- | --- | --- |',
  ]
  for (const [code, { message, advice, original }] of Object.entries(errorCatalog)) {
    const names = [original ?? []].flat().map((name) => `\`${name}\``)
    lines.push(`| \`${code}\` | ${cell(messageForm(message))} | ${cell(advice)} | ${names.join(', ')} |`)
  }
  return `${lines.join('\n')}\n`
}

/** The message with `<name>` in the place of each detail. */
function messageForm(message: (details: never) => string): string {
  // The catalog gives each code its own details; whatever is asked of them is a placeholder.
  return message(placeholders() as never)
}

function placeholders(): object {
  return new Proxy({}, { get: (_, name) => placeholder(String(name)) })
}

/** Reads as `<name>` wherever a message puts a text, a number or a list. */
function placeholder(name: string): unknown {
  const text = `<${name}>`
  return {
    toString: () => text,
    toJSON: () => text,
    join: () => text,
    map: (form: (item: object) => string) => [form(placeholders()), ' …'],
    length: `<number of ${name}>`,
  }
}

function cell(text: string): string {
  return text.replace(/[\\|<>_*`[\]]/g, '\\$&')
}
