/** The links of the documents lead somewhere: to a file or folder of the repository, and to a heading that is there. */
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const documents = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], { cwd: root }).sort()

/** The text of a document without its code, in which brackets mean other things. */
function proseOf(file: string): string {
  return readFileSync(join(root, file), 'utf8')
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, 'code')
}

/** The anchors of the headings, as GitHub makes them. */
function anchorsOf(file: string): Set<string> {
  const anchors = new Set<string>()
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '')
  for (const [, heading = ''] of text.matchAll(/^#{1,6} +(.*)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
    let anchor = slug
    for (let number = 1; anchors.has(anchor); number++) anchor = `${slug}-${number}`
    anchors.add(anchor)
  }
  return anchors
}

/** What is wrong with the links of a document. */
function brokenLinks(file: string): string[] {
  const broken: string[] = []
  for (const [, target = ''] of proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue
    const [path = '', anchor] = target.split('#')
    const linked = path === '' ? file : relative(root, join(root, dirname(file), path))
    const isThere = existsSync(join(root, linked)) && !linked.startsWith('..')
    const hasAnchor =
      anchor === undefined || (isThere && statSync(join(root, linked)).isFile() && anchorsOf(linked).has(anchor))
    if (!isThere || !hasAnchor) broken.push(`${file}: ${target}`)
  }
  return broken
}

test('every link of the documents leads to a file that is there, and to a heading in it', () => {
  expect(documents).toContain('README.md')
  expect(documents.length).toBeGreaterThan(20)
  expect(documents.flatMap(brokenLinks)).toEqual([])
})

test('README.md leads to every document of docs/', () => {
  const guides = globSync('docs/*.md', { cwd: root }).map((file) => file.replaceAll('\\', '/'))
  const reached = new Set(['README.md'])
  for (const file of reached) {
    for (const [, target = ''] of proseOf(file).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
      if (/^[a-z]+:/.test(target) || !target.endsWith('.md')) continue
      const linked = relative(root, join(root, dirname(file), target)).replaceAll('\\', '/')
      if (existsSync(join(root, linked))) reached.add(linked)
    }
  }
  expect(guides.filter((file) => !reached.has(file))).toEqual([])
})
