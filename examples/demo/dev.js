import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { watch } from 'chokidar'
import { run } from './process.js'
import { print, styled, title } from './terminal.js'

// When a file of src changes, this compiles the library and restarts the demo, whose page then reloads. It watches the files
// itself, because `tsc --watch` of TypeScript 7.0 notices no changes in containers. A full build takes a second or two.

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SITE = fileURLToPath(new URL('dev-site.js', import.meta.url))
const COMPILER = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
const PROJECTS = ['tsconfig.json', 'src/node/tsconfig.json', 'src/cli/tsconfig.json']
// When an editor saves several files, it does so within this time.
const QUIET_MS = 100

/** Compiles the library. Resolves with whether that worked; if not, the compiler has printed why. */
async function compile() {
  for (const project of PROJECTS) {
    const compiler = spawn(process.execPath, [COMPILER, '-p', project], { cwd: ROOT, stdio: 'inherit' })
    const [code] = await once(compiler, 'exit')
    if (code !== 0) return false
  }
  return true
}

/** @type {import('node:child_process').ChildProcess | undefined} */
let site
let port = process.env.PORT

/** Starts the demo in its own process, because a process can't load a module a second time. */
async function startSite() {
  await stopSite()
  site = fork(SITE, { env: { ...process.env, ...(port && { PORT: port }) } })
  const ready = once(site, 'message').then(([used]) => String(used))
  const used = await Promise.race([ready, once(site, 'exit').then(() => undefined)])
  if (used === undefined) return
  if (port !== used) {
    port = used
    title('The demo, which reloads when src or examples change')
    print(`Page: http://localhost:${port}/`)
    print(styled('dim', 'Press Ctrl+C to stop.'))
  }
}

async function stopSite() {
  if (!site || site.exitCode !== null || site.signalCode !== null) return
  const ended = once(site, 'exit')
  site.kill()
  await ended
}

let isCompiled = false
let isSiteOld = true
let isStopping = false
/** @type {Promise<void> | undefined} */
let building

async function build() {
  while (isSiteOld && !isStopping) {
    isSiteOld = false
    if (!isCompiled) {
      // If a file changes during the build, onChange resets this, and the build runs again.
      isCompiled = true
      if (!(await compile())) isCompiled = false
      // A signal from the terminal ends the compiler too.
      if (isStopping) return
      if (!isCompiled && !isSiteOld) print('The library does not compile: the page stays as it is.')
    }
    if (isCompiled && !isSiteOld) await startSite()
    if (!isSiteOld) print(styled('dim', 'Waiting for changes.'))
  }
  building = undefined
}

/** @type {NodeJS.Timeout | undefined} */
let timer

/** @param {string} path */
function onChange(path) {
  isSiteOld = true
  if (relative(ROOT, path).startsWith('src')) isCompiled = false
  clearTimeout(timer)
  timer = setTimeout(() => {
    building ??= build()
  }, QUIET_MS)
}

run(async () => {
  const folders = ['src', 'examples/demo', 'examples/notes'].map((name) => `${ROOT}${name}`)
  const watcher = watch(folders, { ignoreInitial: true }).on('all', (_, path) => onChange(path))
  building = build()
  return async () => {
    isStopping = true
    clearTimeout(timer)
    await Promise.all([watcher.close(), building])
    await stopSite()
  }
})
