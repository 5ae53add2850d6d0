import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { guides } from '../../docs/.vitepress/guides.js'
import { entries, reference } from '../../docs/entries.js'
import { blocksOf, pages, root, textOf } from './pages.js'

// The site's build checks links within the site; this test checks links into the repository.
describe('the pages', () => {
  it.each(pages)('%s links only to existing files', (page) => {
    const links = textOf(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)
    for (const [, path = ''] of links) expect(existsSync(join(root, dirname(page), path)), path).toBe(true)
  })

  it.each([...pages, 'SECURITY.md', 'CONTRIBUTING.md', 'examples/README.md', 'test/README.md'])(
    '%s names only existing files of the repository',
    (page) => {
      const names = textOf(page).matchAll(
        /(?<![\w/.-])(?:test|docs|examples|bench|src(?!\/routes\/)(?=\/\w+\/))\/[\w./-]*\w/g,
      )
      for (const [name] of names)
        if (name !== 'docs/.vitepress/dist') expect(existsSync(join(root, name)), name).toBe(true)
    },
  )

  it('are all in the list of guides', () => {
    const listed = guides
      .flatMap(({ items }) => items.map(({ link }) => `docs${link}.md`))
      .filter((page) => page.includes('/guides/'))
    expect(listed.sort()).toEqual(pages.filter((page) => page.includes('/guides/')).sort())
  })

  it('and the reference have a page for every entry but one', () => {
    const shown = reference.flatMap(({ items }) => items)
    const names = entries.map(({ name }) => name).filter((name) => name !== 'cacao-session/window')
    expect([...shown].sort()).toEqual(names.sort())
  })

  // Except the security model, whose text is in another file.
  const own = pages.filter((page) => page.includes('/guides/') && !page.endsWith('/security.md'))
  it.each(own)('%s has a main example, its first named block, which a test runs', (page) => {
    const first = blocksOf(page).find(({ name }) => !name.startsWith('line-'))
    const folders = ['test/docs', 'test/e2e', 'test/packed'].map((path) => join(root, path))
    const tests = folders.flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.test.ts'))
        .map((name) => readFileSync(join(folder, name), 'utf8')),
    )
    const name = page.replace(/.*\/|\.md$/g, '')
    const calls = [`guide('${name}', '${first?.name}'`, `'guide:${name}/${first?.name}'`]
    expect(
      tests.some((text) => calls.some((call) => text.includes(call))),
      first?.name,
    ).toBe(true)
  })
})
