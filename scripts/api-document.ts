/**
 * The documentation of an entrance as a page of Markdown, made from the model that API Extractor writes: every export with its
 * signature and what its comment says, and so for every member of it. What another page has already is named only.
 */

/** What a model says of an export, or of a member of one. */
interface Item {
  readonly kind: string
  /** Constructors and call signatures have none. */
  readonly name?: string
  readonly docComment?: string
  readonly excerptTokens?: readonly { readonly text: string }[]
  readonly members?: readonly Item[]
}

interface Model {
  readonly members: readonly { readonly members: readonly (Item & { readonly name: string })[] }[]
}

/** Where an export is described. */
export type Places = ReadonlyMap<string, string>

/** In which order exports stand on the page, by kind. */
const HEADINGS = new Map([
  ['Function', 'Functions'],
  ['Class', 'Classes'],
  ['Interface', 'Interfaces'],
  ['TypeAlias', 'Types'],
])

/**
 * @param title The name of the entrance
 * @param file The name of the page
 * @param model The JSON of API Extractor
 * @param elsewhere What other pages describe
 * @returns the page, and where each of its exports and of those stands
 */
export function apiDocument(
  { title, file, model }: { readonly title: string; readonly file: string; readonly model: string },
  elsewhere: Places,
): { readonly text: string; readonly places: Places } {
  const { members }: Model = JSON.parse(model)
  const exported = members.flatMap((entrance) => entrance.members)
  const own = exported.filter(({ name }) => !elsewhere.has(name))
  const sections = [...HEADINGS].map(([kind, heading]) => {
    const items = own.filter((item) => item.kind === kind)
    const names = [...new Set(items.map(({ name }) => name))].sort()
    return { heading, things: names.map((name) => ({ name, items: items.filter((item) => item.name === name) })) }
  })
  const left = own.filter(({ kind }) => !HEADINGS.has(kind))
  if (left.length > 0) throw new Error(`there is no heading for ${left.map(({ kind, name }) => `${kind} ${name}`)}`)
  const places = new Map(elsewhere)
  const anchors = new Anchors()
  anchors.next(title)
  for (const { heading, things } of sections.filter(isFilled)) {
    anchors.next(heading)
    for (const { name } of things) {
      const anchor = anchors.next(name)
      // A function and an interface can share a name but for its case; the first of one name is what a link means.
      if (!places.has(name)) places.set(name, `${file}#${anchor}`)
    }
  }
  const link = linkFrom(file, places)
  const lines = [`# ${title}`, '', 'Made by `npm run api:accept` from the comments in the sources.', '']
  const shared = exported.length - own.length
  if (shared > 0) lines.push(`It also exports ${shared} things that [peerage](peerage.md) exports.`, '')
  for (const { heading, things } of sections.filter(isFilled)) {
    lines.push(`## ${heading}`, '', things.map(({ name }) => link(name, name)).join(', '), '')
    for (const { name, items } of things) {
      lines.push(`### ${name}`, '')
      for (const item of items) lines.push(...describe(item, link))
    }
  }
  return { text: `${lines.join('\n').trimEnd()}\n`, places }
}

type Link = (name: string, text: string) => string

function isFilled({ things }: { readonly things: readonly unknown[] }): boolean {
  return things.length > 0
}

/** Links from one page to what is described on this one or another. */
function linkFrom(file: string, places: Places): Link {
  return (name, text) => {
    const place = places.get(name)
    if (place === undefined) return text
    return `[${text}](${place.startsWith(`${file}#`) ? place.slice(file.length) : place})`
  }
}

/** The anchors that readers of Markdown give to headings. */
class Anchors {
  readonly #used = new Map<string, number>()

  next(heading: string): string {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-')
    const count = this.#used.get(anchor) ?? 0
    this.#used.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  }
}

function describe(item: Item, link: Link): string[] {
  const described = item.members ?? []
  const signature = item.kind === 'Class' || item.kind === 'Interface' ? headOf(item) : wholeOf(item)
  const lines = ['```ts', signature, '```', '', ...paragraphs(item.docComment ?? '', link)]
  for (const member of described) {
    const [first = '', ...more] = paragraphs(member.docComment ?? '', link)
    lines.push(`- ${code(wholeOf(member).replaceAll(/\s+/g, ' '))}`, '')
    lines.push(...[first, ...more].map((line) => (line === '' ? '' : `  ${line}`)))
  }
  return lines
}

/** The declaration as it stands in the sources. */
function wholeOf({ excerptTokens = [] }: Item): string {
  const text = excerptTokens.map((token) => token.text).join('')
  return text.replace(/^export (?:declare )?/, '').replace(/;$/, '')
}

/** Without the members, which are described one by one. */
function headOf(item: Item): string {
  return wholeOf(item).trimEnd()
}

function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}

/** What a comment says, a line a paragraph, with an empty line after each. */
function paragraphs(comment: string, link: Link): string[] {
  const text = comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/\s*$/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    // What a tag is about stands in a paragraph of its own.
    .replaceAll(/^@(\w+)\s*\n\s*/gm, '@$1 ')
    .trim()
  if (text === '') return []
  return text
    .split(/\n\s*\n|\n(?=@)/)
    .map((paragraph) => paragraph.replaceAll(/\s*\n\s*/g, ' ').trim())
    .map((paragraph) => labelled(paragraph))
    .map((paragraph) => linked(paragraph, link))
    .flatMap((paragraph) => [paragraph, ''])
}

function labelled(paragraph: string): string {
  return paragraph
    .replace(/^@param (\w+)(?: -)? ?/, (_, name: string) => `\`${name}\`: `)
    .replace(/^@throws (?:PeerageError )?/, 'Throws ')
    .replace(/^@returns ?/, 'Returns ')
    .replace(/^@remarks ?/, '')
}

/** `{@link Graph.close}` becomes a link to Graph. */
function linked(paragraph: string, link: Link): string {
  return paragraph.replaceAll(/\{@link ([\w.]+)\s*(?:\|\s*([^}]+))?\}/g, (_, target: string, text?: string) => {
    const [name = ''] = target.split('.')
    return link(name, text?.trim() ?? code(target))
  })
}
