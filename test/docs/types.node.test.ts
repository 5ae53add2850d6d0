import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { allFiles, complaintsOf, filesOf, hasOwnTest, needsOthers, PROGRAMS, serversOf } from './compile.js'
import { blocksOf, example, pages, root } from './pages.js'

describe('the code of the pages and docstrings', () => {
  it('compiles in a new app with the strictest settings', {
    timeout: 300_000,
  }, async () => {
    const files = (await allFiles()).filter((file) => !needsOthers(file) && !hasOwnTest(file))
    expect(files.length).toBeGreaterThan(120)
    const wrong =
      "import { DIDSession } from 'cacao-session'\nawait DIDSession.get('a')\nexport const f = (x) => x\n"
    const inPage = { path: 'wrong/wrong.ts', text: `${wrong}export const e = process.env` }
    const onServer = { path: 'wrong/wrong.ts', text: `${wrong}export const a = document` }
    const servers = serversOf(files)
    const folder = join(root, 'build', `blocks-${process.pid}`)
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const [page, server] = await Promise.all([
      complaintsOf(join(folder, 'page'), PROGRAMS.page, [
        ...files.filter((file) => !servers.has(file)),
        inPage,
      ]),
      complaintsOf(join(folder, 'server'), PROGRAMS.server, [...servers, onServer]),
    ])
    // Mistakes would be reported, and nothing else is: a page has no types of Node, and a server none of the DOM.
    const common = [
      /^wrong\/wrong\.ts\(2,\d+\): error TS2554: Expected 3 arguments/,
      /\(3,\d+\): error TS7006/,
    ]
    const seen = (...lines: RegExp[]) => [...common, ...lines].map((line) => expect.stringMatching(line))
    expect({ page, server }).toEqual({
      page: seen(/\(4,\d+\): error TS\d+: Cannot find name 'process'/),
      server: seen(/\(4,\d+\): error TS\d+: Cannot find name 'document'/),
    })
  })

  const components = pages.flatMap((page) =>
    blocksOf(page).flatMap(({ language, name, code }) =>
      language === 'tsx' && !code.includes("from './") && !hasOwnTest({ text: code })
        ? [[page, name] as const]
        : [],
    ),
  )
  it.each(components)('%s: %s can be imported on a server', (page, name) => {
    expect(runFresh(`${example(page, name)}\nconsole.log('loaded')`)).toBe('loaded\n')
  })

  // A global type that one file imports is declared for the whole program.
  it.each(pages)('%s imports the type of window.ethereum where it uses it', (page) => {
    for (const { path, text } of filesOf(page))
      if (text.includes('window.ethereum')) expect(text, path).toContain("import 'cacao-session/window'")
  })
})
