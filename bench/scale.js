import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { cpus } from 'node:os'
import { build } from 'esbuild'
import { servePages } from './page/server.js'
import { builtEntries, ROOT } from './project.js'
import { table } from './table.js'

// How cost grows: with the sessions that a browser stores; with what a server remembers; with processes on one Redis Cluster.
//   npm run bench:scale

const SESSIONS = [1, 100, 10_000]
const REMEMBERED = [
  ['capabilities', 10],
  ['capabilities', 10_000],
  ['capabilities', 1_000_000],
  ['nonces', 10_000],
  ['nonces', 1_000_000],
  ['revocations', 10_000],
  ['revocations', 1_000_000],
]
const PROCESSES = [1, 2, 3]

await builtEntries()
const folder = `${ROOT}/node_modules/.cache/bench-scale`
await mkdir(folder, { recursive: true })
// What drives browsers and starts Redis is the tests', in TypeScript.
await build({
  entryPoints: { browsers: `${ROOT}/bench/page/browsers.js`, cluster: `${ROOT}/test/setup/redis-cluster.ts` },
  outdir: folder,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
  logLevel: 'error',
})

console.log(`Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}\n`)
console.log(table(['stored in Chromium, µs', 'load', 'hasSessionFor', 'list'], await storedSessions()))
console.log()
console.log(table(['remembered by a server', 'count', 'bytes each', 'µs each'], await remembered()))
console.log()
console.log(
  table(
    ['processes on a Redis Cluster of three', 'requests a second', 'of one process', 'processor, cores'],
    await processes(),
  ),
)

async function storedSessions() {
  const { openPages, presentEngines } = await import(`${folder}/browsers.js`)
  const engine = (await presentEngines()).find(({ name }) => name === 'chromium')
  if (!engine) return []
  const site = await servePages([['scale', 'sessions']])
  const rows = []
  for (const count of SESSIONS) {
    const browser = await openPages(engine, false)
    try {
      await browser.load(`${site.origin}/scale/sessions.html#${count}`)
      const times = await browser.evaluate(() => globalThis.times)
      rows.push([`${count}`, ...[times.load, times.hasSessionFor, times.list].map((us) => us.toFixed(0))])
    } finally {
      await browser.close()
    }
  }
  await site.close()
  return rows
}

async function remembered() {
  const rows = []
  for (const [kind, count] of REMEMBERED) {
    const child = fork(`${ROOT}/bench/scale/memory.js`, [kind, String(count)], {
      execArgv: ['--expose-gc', '--max-old-space-size=8192'],
    })
    const [{ bytes, us }] = await once(child, 'message')
    rows.push([kind, String(count), bytes.toFixed(0), us.toFixed(1)])
  }
  return rows
}

async function processes() {
  const { startRedisCluster } = await import(`${folder}/cluster.js`)
  const rows = []
  let ofOne
  for (const count of PROCESSES) {
    // A new one each time, so that no run begins with what another left.
    const cluster = await startRedisCluster()
    const workers = Array.from({ length: count }, () =>
      fork(`${ROOT}/bench/scale/worker.js`, [], { env: { ...process.env, PORTS: cluster.ports.join() } }),
    )
    try {
      await Promise.all(workers.map((worker) => once(worker, 'message')))
      const start = performance.now()
      for (const worker of workers) worker.send('start')
      const results = await Promise.all(workers.map((worker) => once(worker, 'message')))
      const secs = (performance.now() - start) / 1000
      const rate = results.reduce((sum, [{ requests }]) => sum + requests, 0) / secs
      const cores = results.reduce((sum, [{ cpuSecs }]) => sum + cpuSecs, 0) / secs
      ofOne ??= rate
      rows.push([String(count), rate.toFixed(0), (rate / ofOne).toFixed(2), cores.toFixed(2)])
    } finally {
      for (const worker of workers) worker.kill()
      await cluster.stop()
    }
  }
  return rows
}
