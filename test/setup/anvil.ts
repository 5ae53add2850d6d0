import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { startProcess, stopProcess } from '../engines/processes.js'

/** A real EVM with its own chain, on this machine's loopback interface. */
export interface Anvil {
  readonly url: string
  stop(): Promise<void>
}

export const ANVIL_CHAIN = 31337

const require = createRequire(import.meta.url)

/** Starts one on a port that it chooses; each transaction is a block. */
export async function startAnvil(): Promise<Anvil> {
  const command = require.resolve('@foundry-rs/anvil/bin.mjs')
  const args = [command, '--host', '127.0.0.1', '--port', '0', '--accounts', '1']
  const child = startProcess(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TARGET_TOOL: 'anvil' },
  })
  const output = child.stdout as Readable
  output.setEncoding('utf8')
  let printed = ''
  const address = await new Promise<string>((resolve, reject) => {
    // Its output is read, because it would stop once the pipe is full.
    output.on('data', (part: string) => {
      printed += part
      const [, listening] = /Listening on (\S+)\n/.exec(printed) ?? []
      if (listening) resolve(listening)
    })
    child.once('exit', () => reject(new Error(`anvil did not start:\n${printed}`)))
  })
  return { url: `http://${address}`, stop: () => stopProcess(child) }
}
