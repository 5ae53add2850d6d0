import type { Reporter } from 'vitest/node'

type ReporterEntry = 'default' | Reporter | ['json', { outputFile: string }]

/** What a lane prints, and where TEST_REPORT names a file, its results as JSON. */
export function reporters(...own: readonly Reporter[]): ReporterEntry[] {
  const report = process.env['TEST_REPORT']
  return ['default', ...own, ...(report ? [['json', { outputFile: report }] satisfies ReporterEntry] : [])]
}
