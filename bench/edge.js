import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { DIDSession } from 'cacao-session'
import { ethereumAuth } from 'cacao-session/ethereum'
import { build } from 'esbuild'
import { areInstalled, builtEntries, ROOT } from './project.js'
import { table } from './table.js'
import { median } from './timing/stats.js'

// A cold start on the edge: from the start of the runtime until the first request is answered, beside the same handler without the
// library.
//   npm run bench:edge -- [--starts 15]

const { values } = parseArgs({ options: { starts: { type: 'string', default: '15' } } })
const starts = Number(values.starts)
if (!(Number.isInteger(starts) && starts > 0)) throw new TypeError('--starts must be a positive whole number')
await builtEntries()
const runtimes = `${ROOT}/test/packed/runtimes`
if (!areInstalled(runtimes))
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', runtimes], { stdio: 'inherit' })

const resources = ['https://api.example.com/*']
const session = await DIDSession.authorize(
  ethereumAuth(`0x${'11'.repeat(32)}`, undefined, { domain: 'app.example.com' }),
  { resources },
)
const { headers } = await session.signRequest(new Request('https://api.example.com/notes'))
const folder = await mkdtemp(join(tmpdir(), 'cacao-session-edge-'))
const kinds = {
  deno: (file) => ['deno', ['run', '--allow-net', '--allow-env', '--no-check', '--no-lock', file]],
  workerd: (file) => ['workerd', ['serve', file]],
}
try {
  const rows = []
  for (const runtime of Object.keys(kinds)) {
    const samples = { with: [], without: [] }
    for (let i = 0; i < starts; i++)
      for (const [how, all] of Object.entries(samples)) all.push(await firstAnswer(runtime, how))
    const [ours, bare] = [median(samples.with), median(samples.without)]
    rows.push([runtime, ...[ours, bare, ours - bare].map((ms) => ms.toFixed(0))])
  }
  console.log(table(['first answer after, ms', 'with requireSession', 'without', 'more'], rows))
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function firstAnswer(runtime, how) {
  const port = await freePort()
  const file = await program(runtime, how, port)
  const [name, args] = kinds[runtime](file)
  const start = performance.now()
  const child = spawn(`${runtimes}/node_modules/.bin/${name}`, args, { stdio: 'ignore' })
  try {
    for (;;) {
      const response = await fetch(`http://127.0.0.1:${port}/notes`, { headers }).catch(() => undefined)
      if (response?.status === 200) return performance.now() - start
      if (response) throw new Error(`${runtime} ${how}: ${response.status} ${await response.text()}`)
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

/** The handler, in one file as it is deployed; for workerd, a configuration that names it. */
async function program(runtime, how, port) {
  const outfile = join(folder, `${runtime}-${how}.mjs`)
  await build({
    stdin: {
      contents: `import handler from './${how}.js'\n${
        runtime === 'deno'
          ? `Deno.serve({ port: ${port}, hostname: '127.0.0.1', onListen() {} }, handler)`
          : 'export default { fetch: handler }'
      }`,
      resolveDir: `${ROOT}/bench/edge`,
    },
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['worker', 'browser'],
    logLevel: 'error',
  })
  if (runtime === 'deno') return outfile
  const config = join(folder, `${how}.capnp`)
  await writeFile(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "${runtime}-${how}.mjs")],
    compatibilityDate = "2026-01-01",
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);`,
  )
  return config
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
