import { execFileSync, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { builtEntries, DID_SESSION, isDIDSessionInstalled } from './project.js'

// Requests a second on one core, with a warm capability, beside dids and bare WebCrypto; and where the time goes.
//   npm run bench:load

await builtEntries()
if (!isDIDSessionInstalled()) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', DID_SESSION], { stdio: 'inherit' })
}
const script = fileURLToPath(new URL('load/one-core.js', import.meta.url))
// The engine's own threads too: WebCrypto verifies on another one.
const isPinned = spawnSync('taskset', ['--version']).status === 0
if (!isPinned) console.log('taskset is missing (util-linux): what follows ran on all cores\n')
const [command, ...before] = isPinned ? ['taskset', '-c', '0', process.execPath] : [process.execPath]
execFileSync(command, [...before, script], { stdio: 'inherit' })
