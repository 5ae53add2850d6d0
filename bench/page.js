import { execFileSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { areInstalled, builtEntries, DID_SESSION, ROOT } from './project.js'
import { table } from './table.js'
import { median } from './timing/stats.js'

// A page with somebody signed in, until it knows who that is: the library beside did-session 4, in real browsers. Chromium with a
// processor of a quarter of the speed and a slow network, all engines with neither.
//   npm run bench:page -- [--loads 9]

const { values } = parseArgs({ options: { loads: { type: 'string', default: '9' } } })
const loads = Number(values.loads)
if (!(Number.isInteger(loads) && loads > 0)) throw new TypeError('--loads must be a positive whole number')
await builtEntries()
if (!areInstalled(DID_SESSION))
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', DID_SESSION], { stdio: 'inherit' })

// What drives browsers is the tests', in TypeScript.
const folder = `${ROOT}/node_modules/.cache/bench-page`
await mkdir(folder, { recursive: true })
await build({
  entryPoints: [`${ROOT}/bench/page/browsers.js`],
  outfile: `${folder}/browsers.js`,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'error',
})
const { openPages, presentEngines } = await import(`${folder}/browsers.js`)
const { servePages } = await import('./page/server.js')

const site = await servePages()
const rows = []
for (const engine of await presentEngines()) {
  for (const isSlow of engine.name === 'chromium' ? [true, false] : [false]) {
    const medians = await measured(engine, isSlow)
    const { ours, theirs } = medians
    const name = `${engine.name}${isSlow ? ', slow' : ''}`
    rows.push(
      [
        name,
        ...[ours, theirs].flatMap(({ ms, bytes, requests }) => [ms.toFixed(0), bytes, requests]),
        (theirs.ms / ours.ms).toFixed(2),
      ].map(String),
    )
  }
}
await site.close()
console.log(
  table(['', 'ours: ms', 'bytes', 'requests', 'did-session: ms', 'bytes', 'requests', 'times as fast'], rows),
)
console.log(
  '\nms: from the navigation until the page knows who is signed in. bytes: of all scripts, gzipped, until it is quiet.',
)
console.log(
  'requests: with the document. slow: a processor of a quarter of the speed, 150 ms and 1.6 Mbit/s.',
)

async function measured(engine, isSlow) {
  const browser = await openPages(engine, isSlow)
  const samples = { ours: [], theirs: [] }
  try {
    for (const side of Object.keys(samples)) await browser.signIn(`${site.origin}/${side}/sign-in.html`)
    for (let i = 0; i < loads; i++)
      for (const [side, all] of Object.entries(samples)) {
        site.forget()
        const ms = await browser.load(`${site.origin}/${side}/page.html`)
        all.push({ ms, ...site.served() })
      }
  } finally {
    await browser.close()
  }
  const middle = (all) => ({
    ms: median(all.map(({ ms }) => ms)),
    bytes: median(all.map(({ bytes }) => bytes)),
    requests: median(all.map(({ requests }) => requests)),
  })
  return { ours: middle(samples.ours), theirs: middle(samples.theirs) }
}
