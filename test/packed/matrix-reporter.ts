import type { Reporter, TestCase, TestModule } from 'vitest/node'

interface Count {
  passed: number
  all: number
}

// The suites of test/packed/runtimes.test.ts: one for each runtime, with a suite for each topic.
function placeOf(test: TestCase): { runtime: string; topic: string } | undefined {
  const topic = test.parent
  if (topic.type !== 'suite' || topic.parent.type !== 'suite') return undefined
  return { runtime: topic.parent.name, topic: topic.name }
}

/** Prints how many cases of each topic each runtime passed. */
export class MatrixReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = new Map<string, Map<string, Count>>()
    const [module] = modules.filter(({ moduleId }) => moduleId.endsWith('/runtimes.test.ts'))
    if (!module) return
    for (const test of module.children.allTests()) {
      if (test.result().state === 'skipped') continue
      const place = placeOf(test)
      if (!place) continue
      const row = counts.get(place.runtime) ?? new Map<string, Count>()
      counts.set(place.runtime, row)
      const count = row.get(place.topic) ?? { passed: 0, all: 0 }
      row.set(place.topic, count)
      count.all++
      if (test.result().state === 'passed') count.passed++
    }
    const topics = [...new Set([...counts.values()].flatMap((row) => [...row.keys()]))]
    const lines = [...counts].map(([runtime, row]) => [
      runtime,
      ...topics.map((topic) => written(row.get(topic))),
      written(sum([...row.values()])),
    ])
    console.log(`\ncases passed, of the packed package\n${table([['', ...topics, 'all'], ...lines])}\n`)
  }
}

function sum(counts: readonly Count[]): Count {
  return counts.reduce(
    ({ passed, all }, count) => ({ passed: passed + count.passed, all: all + count.all }),
    {
      passed: 0,
      all: 0,
    },
  )
}

function written(count: Count = { passed: 0, all: 0 }): string {
  return count.passed === count.all ? String(count.all) : `${count.passed} of ${count.all}`
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    )
    .join('\n')
}
