import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Outcome } from '../../conformance/conformance.js'
import { freePort } from '../../engines/free-port.js'
import { bundleRunners, type Suite } from './bundle-runner.js'

const program = fileURLToPath(new URL('node_modules/.bin/workerd', import.meta.url))

const config = (port: number): string => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")],
    compatibilityDate = "2026-01-01",
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);`

/** Runs the suite in a worker of workerd, bundled as one deploys it. */
export async function runInWorkerd(suite: Suite): Promise<Outcome[]> {
  const files = await bundleRunners({ worker: 'workerd.ts' }, suite)
  await suite.folder.write('worker.js', files.get('/worker.js') ?? '')
  const port = await freePort()
  const file = await suite.folder.write('config.capnp', config(port))
  const worker = spawn(program, ['serve', '--control-fd=3', file], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  })
  try {
    // It reports on this pipe that it listens.
    await once(worker.stdio[3] as NodeJS.ReadableStream, 'data')
    const response = await fetch(`http://127.0.0.1:${port}/`)
    if (!response.ok) throw new Error(await response.text())
    return (await response.json()) as Outcome[]
  } finally {
    worker.kill()
  }
}
