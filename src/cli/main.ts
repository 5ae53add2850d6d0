#!/usr/bin/env node
import { run } from './run.js'

// Whoever reads the output may stop reading, as `head` does. The exit code is the command's all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
process.stderr.on('error', () => undefined)

process.exitCode = await run(process.argv.slice(2))
