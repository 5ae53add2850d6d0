import { appendFile, cp, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { openBrowser } from './browser.js'
import { describeEngines } from './engines.js'
import { startUntil } from './example-process.js'
import { temporaryFolder } from './temporary-folder.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SESSION = 'src/session/did-session.ts'
const address = /^ {2}Page: (\S+)\n/m

/** A copy of the files that `npm run dev` needs. */
async function projectCopy(): Promise<string> {
  const folder = await temporaryFolder()
  const isOurs = (path: string): boolean => !['node_modules', 'dist'].includes(basename(path))
  for (const name of ['src', 'examples/demo', 'examples/notes', 'package.json', 'tsconfig.json'])
    await cp(join(ROOT, name), join(folder, name), { recursive: true, filter: isOurs })
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** A line for a source file that shows in the page which version of it runs. */
const says = (word: string): string => `\nObject.assign(globalThis, { version: '${word}' })\n`

describeEngines(
  'npm run dev',
  (engine) => {
    it('reloads the page when the library or the demo changed, if it compiles', async () => {
      const folder = await projectCopy()
      const path = (name: string): string => join(folder, name)
      const written = await readFile(path(SESSION), 'utf8')
      // As editors do that replace a file at once.
      const replace = async (name: string, text: string): Promise<void> => {
        await writeFile(path('draft'), text)
        await rename(path('draft'), path(name))
      }
      const dev = await startUntil(address, process.execPath, [path('examples/demo/dev.js')], {
        cwd: folder,
        env: { ...process.env, PORT: '0', NO_COLOR: '1' },
      })
      onTestFinished(() => dev.stop())
      const [, url = ''] = address.exec(dev.printed) ?? []
      const { context, close } = await openBrowser(engine)
      onTestFinished(close)
      const [tab] = context?.pages() ?? []
      if (!tab) throw new Error('Playwright drives Chromium')
      const comesTo = (word: string): Promise<unknown> =>
        tab.waitForFunction((wanted) => Reflect.get(globalThis, 'version') === wanted, word)
      await tab.goto(url)
      await tab.waitForSelector('[data-testid="sign-in"]:not([hidden])')

      await appendFile(path(SESSION), says('appended'))
      await comesTo('appended')

      // An error of compilation is reported, and the page is unchanged.
      await replace(SESSION, `${written}${says('broken')}const broken: number = 'text'\n`)
      await expect.poll(() => dev.printed, { timeout: 120_000 }).toContain('error TS2322')
      await expect.poll(() => dev.printed, { timeout: 120_000 }).toContain('does not compile')
      await replace(SESSION, `${written}${says('replaced')}`)
      await comesTo('replaced')

      const html = await readFile(path('examples/demo/page/index.html'), 'utf8')
      await replace('examples/demo/page/index.html', html.replace(/<title>.*<\/title>/, '<title>New</title>'))
      await tab.waitForFunction(() => document.title === 'New')
      await comesTo('replaced')
      // Its URL stays the same.
      expect(dev.printed.match(/Page:/g)).toHaveLength(1)
      expect(dev.complaints()).toBe('')

      expect(await dev.interrupt()).toBe(0)
      await expect(fetch(url)).rejects.toThrow('fetch failed')
    })
  },
  ['chromium'],
)
