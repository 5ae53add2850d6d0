import { median } from './stats.js'

const CALLS_PER_ROUND = 5
const WARM_UP_ROUNDS = 10
const TURNS_AFTER = 4

/** How often each task is called, for tasks that use something up. */
export const callsPerTask = (rounds) => (rounds + WARM_UP_ROUNDS) * CALLS_PER_ROUND

/**
 * Microseconds of each task, as medians. The tasks take turns, in another order every round, so that whatever
 * else the machine does falls on all of them alike. What a task leaves to be done later is done before the next one starts:
 * fake-indexeddb, for example, ends a transaction only after it has given the result.
 *
 * @param {Map<string, () => unknown>} tasks
 * @param {number} rounds
 * @returns {Promise<Map<string, number>>}
 */
export async function measure(tasks, rounds) {
  const samples = new Map([...tasks.keys()].map((name) => [name, []]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const [name, task] of shuffled(tasks)) {
      for (let call = 0; call < CALLS_PER_ROUND; call++) {
        const elapsed = await time(task)
        if (round >= 0) samples.get(name).push(elapsed)
        for (let turn = 0; turn < TURNS_AFTER; turn++) await new Promise(setImmediate)
      }
    }
  }
  return new Map([...samples].map(([name, times]) => [name, median(times)]))
}

function shuffled(items) {
  return Array.from(items, (item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

async function time(task) {
  const start = performance.now()
  const result = task()
  if (typeof result?.then === 'function') await result
  return (performance.now() - start) * 1000
}
