import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

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

/** What a page of the site would load from another host. Links, which a person follows, are none. */
async function loadedFromElsewhere() {
  const found = []
  for (const name of await readdir(site, { recursive: true })) {
    if (!/\.(html|css)$/.test(name)) continue
    const text = await readFile(join(site, name), 'utf8')
    const loads =
      /<(?:script|link|img|iframe|source|video)\b[^>]*?(?:src|href)="((?:https?:)?\/\/[^"]*)"|(?:url\(|@import )["']?((?:https?:)?\/\/[^"')]*)/g
    for (const [, tag, style] of text.matchAll(loads)) found.push(`${name}: ${tag ?? style}`)
  }
  return found
}

if (!['build', 'dev'].includes(command)) {
  console.error(`npm run docs builds the site, npm run docs -- dev serves it; ${command} is neither`)
  process.exit(2)
}
if (!isInstalled()) run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline')
await rm(join(folder, 'reference'), { recursive: true, force: true })
tool('typedoc/bin/typedoc')
if (command === 'dev') tool('vitepress/bin/vitepress.js', 'dev')
else {
  tool('vitepress/bin/vitepress.js', 'build')
  const foreign = await loadedFromElsewhere()
  if (foreign.length > 0) {
    console.error(`the site must load nothing from other hosts:\n${foreign.join('\n')}`)
    process.exit(1)
  }
  console.log(`\nThe site is in ${relative(process.cwd(), site)}; npm run docs -- dev serves it.`)
}
