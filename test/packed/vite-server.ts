import { join } from 'node:path'
import { startUntil } from '../e2e/example-process.js'
import { freePort } from '../engines/free-port.js'
import { ownEnv } from './command.js'

export interface ViteServer {
  readonly url: string
  stop(): Promise<void>
}

/** Starts the folder's own Vite, for development or to preview the build, and waits until it serves. */
export async function startVite(folder: string, command: 'dev' | 'preview'): Promise<ViteServer> {
  const port = await freePort()
  const program = join(folder, 'node_modules/vite/bin/vite.js')
  const args = [program, command, '--port', String(port), '--strictPort']
  const { stop } = await startUntil(/Local:/, process.execPath, args, { cwd: folder, env: ownEnv() })
  return { url: `http://localhost:${port}`, stop }
}
