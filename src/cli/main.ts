#!/usr/bin/env node
import { EXIT, tell } from './output.js'
import { run } from './run.js'

// The program that reads the output may stop reading, like `head`. That must not change the exit code.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return
  tell(`cacao-session: the output can't be written: ${error.message}`)
  process.exit(EXIT.refused)
})
process.stderr.on('error', () => undefined)

process.exitCode = await run(process.argv.slice(2))
