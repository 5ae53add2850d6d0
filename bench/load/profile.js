import { Session } from 'node:inspector/promises'
import { table } from '../table.js'

/** What so many calls of a task spend this thread on, by package, as a share of the time it was busy. */
export async function profile(task, calls) {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: 100 })
  await session.post('Profiler.start')
  for (let call = 0; call < calls; call++) await task()
  const { profile: taken } = await session.post('Profiler.stop')
  session.disconnect()

  const owners = new Map(taken.nodes.map(({ id, callFrame }) => [id, ownerOf(callFrame)]))
  const times = new Map()
  for (const [i, id] of taken.samples.entries()) {
    const owner = owners.get(id)
    if (owner) times.set(owner, (times.get(owner) ?? 0) + taken.timeDeltas[i])
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  const rows = [...times].sort(([, a], [, b]) => b - a)
  return table(
    ['package', 'µs a call', 'share'],
    rows.map(([name, time]) => [name, (time / calls).toFixed(1), `${((100 * time) / total).toFixed(0)} %`]),
  )
}

// `undefined` for time in which the thread had nothing to do.
function ownerOf({ url, functionName }) {
  if (functionName === '(idle)' || functionName === '(root)') return undefined
  if (functionName === '(garbage collector)') return 'garbage collector'
  const dependency = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  if (dependency) return dependency
  if (url.includes('/dist/')) return 'cacao-session'
  return url.startsWith('file:') ? 'the benchmark' : 'Node.js and V8'
}
