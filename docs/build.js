import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reference } from './entries.js'

// Builds the site, or with `dev` serves it while it is written. What it is built with lies in this folder's own
// node_modules: TypeDoc needs another TypeScript than the library.
const [command = 'build'] = process.argv.slice(2)
const folder = fileURLToPath(new URL('.', import.meta.url))
const site = join(folder, '.vitepress', 'dist')

function run(program, ...args) {
  const { status, error } = spawnSync(program, args, { cwd: folder, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

const tool = (name, ...args) => run(process.execPath, join('node_modules', name), ...args)

/** Whether what the lock file names is installed. */
function isInstalled() {
  const installed = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(installed)) return false
  const [wanted, found] = [join(folder, 'package-lock.json'), installed].map(
    (path) => JSON.parse(readFileSync(path, 'utf8')).packages,
  )
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || found[path]?.version === version,
  )
}

/** The site's text files, by their paths in it. */
async function textsOfSite() {
  const names = (await readdir(site, { recursive: true })).filter((name) => /\.(html|css)$/.test(name))
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(site, name), 'utf8')])),
  )
}

/** What a page would load from another host. Links, which a person follows, are none. */
function loadedFromElsewhere(texts) {
  const loads =
    /<(?:script|link|img|iframe|source|video)\b[^>]*?(?:src|href)="((?:https?:)?\/\/[^"]*)"|(?:url\(|@import )["']?((?:https?:)?\/\/[^"')]*)/g
  return [...texts].flatMap(([name, text]) =>
    [...text.matchAll(loads)].map(([, tag, style]) => `${name} loads ${tag ?? style}`),
  )
}

/** Links to pages and headings that aren't there: VitePress looks at pages only, and not at what the home page names. */
function deadLinks(texts) {
  const idsOf = (text) => new Set(Array.from(text.matchAll(/ id="([^"]+)"/g), ([, id]) => id))
  const ids = new Map([...texts].map(([name, text]) => [name, idsOf(text)]))
  const pageOf = (path, from) => {
    if (path === '') return from
    const target = path.startsWith('/') ? path.slice(1) : join(dirname(from), path)
    return /(^|\/)$/.test(target) ? `${target}index.html` : target
  }
  return [...texts].flatMap(([name, text]) =>
    [...text.matchAll(/<a\b[^>]*? href="([^":#]*)(?:#([^"]+))?"/g)]
      .filter(([, path, id]) => {
        const found = ids.get(pageOf(path, name))
        return !found || (id !== undefined && !found.has(decodeURIComponent(id)))
      })
      .map(([, path, id]) => `${name} links to ${path}${id ? `#${id}` : ''}`),
  )
}

/** The first page of the reference: the entries by what they are for, as in the sidebar. */
async function groupReference() {
  const groups = reference.map(
    ({ text, items }) => `## ${text}\n\n${items.map((name) => `- [\`${name}\`](${name}.md)`).join('\n')}\n`,
  )
  await writeFile(join(folder, 'reference/index.md'), `# Reference\n\n${groups.join('\n')}`)
}

if (!['build', 'dev'].includes(command)) {
  console.error(`npm run docs builds the site, npm run docs -- dev serves it; ${command} is neither`)
  process.exit(2)
}
if (!isInstalled()) run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline')
await rm(join(folder, 'reference'), { recursive: true, force: true })
tool('typedoc/bin/typedoc')
await groupReference()
if (command === 'dev') tool('vitepress/bin/vitepress.js', 'dev')
else {
  tool('vitepress/bin/vitepress.js', 'build')
  const texts = await textsOfSite()
  const wrong = [...loadedFromElsewhere(texts), ...deadLinks(texts)]
  if (wrong.length > 0) {
    console.error(
      `the site must lead nowhere in vain, and load nothing from other hosts:\n${wrong.join('\n')}`,
    )
    process.exit(1)
  }
  console.log(`\nThe site is in ${relative(process.cwd(), site)}; npm run docs -- dev serves it.`)
}
